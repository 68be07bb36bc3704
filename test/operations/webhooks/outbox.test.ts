/** That a change and its webhooks cannot part: crashes, doubles and lost messages between them. */
import { expect, test } from "vitest";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { fireSchedule } from "../../../src/operations/schedules/fire-schedules.ts";
import { deleteWebhook } from "../../../src/operations/webhooks/delete-webhook.ts";
import { listDeliveries } from "../../../src/operations/webhooks/list-deliveries.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { sendOverdue } from "../../../src/operations/webhooks/send-overdue.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { createScheduleStore } from "../../../src/store/schedules.ts";
import { createStore } from "../../../src/store/store.ts";
import { createTransport } from "../../../src/store/transport.ts";
import { useProjects } from "../../support/project.ts";
import { webhookBench } from "../../support/webhook-bench.ts";

const makeProject = useProjects();
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const CREATED = { types: ["task.created"] };

test("several that make deliveries at once make each of them once", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register();
  await bench.register();
  for (let number = 0; number < 30; number++) await project.task();
  await Promise.all(Array.from({ length: 4 }, () => makeDeliveries(bench.webhooks)));
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 200 });
  expect(deliveries).toHaveLength(2 * 3 * 30);
  expect(new Set(bench.queued.map(({ delivery_id }) => delivery_id)).size).toBe(
    bench.queued.length,
  );
  expect(bench.queued).toHaveLength(deliveries.length);
});

test("a change tells its caller that there is something to deliver, unless somebody is at it", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  let hints = 0;
  const { url, token } = project.upstash;
  const store = createStore({
    transport: createTransport({ url, token }),
    project: project.name,
    now: project.now,
    onOutbox: () => void hints++,
  });
  const change = () =>
    store.setState({
      operation_id: `op-${Math.random()}`,
      name: "project/a",
      key: "a",
      value: "1",
    });
  await change();
  expect(hints).toBe(0);
  await bench.register();
  await change();
  await change();
  expect(hints).toBe(1);
  await bench.settle();
  await change();
  expect(hints).toBe(2);
  project.advance(6);
  await change();
  expect(hints).toBe(3);
});

test("what a schedule has to tell is delivered without waiting for the next change", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["schedule.*"] });
  await project.ok(createWorkflow, {
    name: "Report",
    agent_type: "implementation",
    tasks: [{ key: "write", task_description: "Write" }],
    options: { cron: { schedule: "0 * * * *" } },
  });
  const services = { store: project.store, schedules: project.schedules, random };
  project.advance(3_600);
  expect(await fireSchedule({ services, project: project.name }, "s1")).toBe("fired");
  await bench.settle();
  project.advance(3_600);
  let hints = 0;
  const { url, token } = project.upstash;
  const schedules = createScheduleStore({
    transport: createTransport({ url, token }),
    project: project.name,
    now: project.now,
    onOutbox: () => void hints++,
  });
  const place = { services: { ...services, schedules }, project: project.name };
  expect(await fireSchedule(place, "s1")).toBe("skipped");
  expect(hints).toBe(1);
  await bench.settle();
  expect(bench.received()).toMatchObject([{ type: "schedule.skipped" }]);
});

test("what died between the change and QStash is sent by the watchdog", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register(CREATED);
  await project.task();
  // Deliveries were made, and the Worker died before QStash had them.
  await makeDeliveries({ ...bench.webhooks, queue: async () => false });
  await project.task();
  expect(bench.queued).toEqual([]);
  project.advance(61);
  expect(await sendOverdue(bench.webhooks)).toBeGreaterThanOrEqual(2);
  await bench.settle();
  expect(bench.received()).toHaveLength(2);
  expect(await sendOverdue(bench.webhooks)).toBe(0);
});

test("an attempt whose Worker died is made again once it can no longer be under way", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register(CREATED);
  await project.task();
  await makeDeliveries(bench.webhooks);
  const attempt = bench.queued.pop();
  if (!attempt) throw new Error("nothing was planned");
  expect(await bench.webhooks.store.begin(attempt)).toMatchObject({ outcome: "go" });
  expect(await bench.webhooks.store.begin(attempt)).toEqual({ outcome: "busy" });
  project.advance(26);
  expect(await bench.webhooks.store.begin(attempt)).toMatchObject({ outcome: "go" });
});

test("a paused endpoint gets nothing, and all of it once it goes on", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { endpoint_id } = await bench.register(CREATED);
  const admin = { as: { role: "admin" }, webhooks: bench.webhooks } as const;
  await project.task();
  await makeDeliveries(bench.webhooks);
  await project.ok(updateWebhook, { endpoint_id, status: "paused" }, admin);
  await project.task();
  expect(await bench.settle()).toEqual(["held"]);
  expect(bench.received()).toEqual([]);
  const { deliveries } = await project.ok(listDeliveries, { endpoint_id }, admin);
  expect(deliveries.map(({ held_by }) => held_by)).toEqual(["paused", "paused"]);
  await project.ok(updateWebhook, { endpoint_id, status: "active" }, admin);
  await bench.settle();
  expect(bench.received()).toHaveLength(2);
});

test("deliveries are removed after a week, the outbox with them", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register(CREATED);
  await project.task();
  await makeDeliveries(bench.webhooks);
  project.advance(8 * 86_400);
  await sendOverdue(bench.webhooks);
  const dump = await project.dump();
  expect(dump.hashes["deliveries"]).toBeUndefined();
  expect((await bench.webhooks.store.deliveries({ limit: 10 })).deliveries).toEqual([]);
  expect((await bench.webhooks.store.overdue()).overdue).toEqual([]);
});

test("an endpoint that goes on, is paused or deleted while deliveries are made gets what it should", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const ids = [];
  for (let number = 0; number < 3; number++) ids.push((await bench.register(CREATED)).endpoint_id);
  const [going = "", pausing = "", leaving = ""] = ids;
  const admin = { as: { role: "admin" }, webhooks: bench.webhooks } as const;
  await project.ok(updateWebhook, { endpoint_id: going, status: "paused" }, admin);
  await project.task();
  const { store } = bench.webhooks;
  const late = {
    ...store,
    writeOutbox: async (step: Parameters<typeof store.writeOutbox>[0]) => {
      await project.ok(updateWebhook, { endpoint_id: going, status: "active" }, admin);
      await project.ok(updateWebhook, { endpoint_id: pausing, status: "paused" }, admin);
      await project.ok(deleteWebhook, { endpoint_id: leaving }, admin);
      return store.writeOutbox(step);
    },
  };
  await makeDeliveries({ ...bench.webhooks, store: late });
  await bench.settle();
  const { deliveries } = await project.ok(listDeliveries, {}, admin);
  expect(deliveries).toHaveLength(2);
  expect(deliveries).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ endpoint_id: going, status: "delivered" }),
      expect.objectContaining({ endpoint_id: pausing, status: "waiting", held_by: "paused" }),
    ]),
  );
  expect(await project.audit()).toEqual([]);
});

test("a test event that is written twice is one delivery", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { endpoint_id } = await bench.register();
  const delivery = {
    delivery_id: `test_a_${endpoint_id}`,
    endpoint_id,
    type: "webhook.test",
    event_at: project.now(),
    data: "{}",
  };
  const first = await bench.webhooks.store.writeOutbox({ deliveries: [delivery] });
  project.advance(1);
  expect(await bench.webhooks.store.writeOutbox({ deliveries: [delivery] })).toEqual(first);
  expect(await project.audit()).toEqual([]);
});
