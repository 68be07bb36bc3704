/** What a receiver gets, and what becomes of a delivery however the receiver behaves. */
import { createServer } from "node:net";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { deliver } from "../../../src/operations/webhooks/deliver.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { RETRY_PAUSES_MS } from "../../../src/domain/webhook.ts";
import { useProjects } from "../../support/project.ts";
import { verified, webhookBench } from "../../support/webhook-bench.ts";

const makeProject = useProjects();

test("every event after the registration arrives once, in order, signed so that the official library verifies it", async () => {
  const project = makeProject();
  await project.task();
  const bench = await webhookBench(project);
  const { secret } = await bench.register();
  const task_id = await project.task();
  const [task] = await project.poll("ada", { max_tasks: 2 });
  await project.complete(task?.lease ?? "");
  await bench.settle();
  const types = bench.received().map(({ type }) => type);
  expect(types.slice(0, 3)).toEqual(["run.created", "task.created", "task.ready"]);
  expect(types).toContain("task.completed");
  expect(bench.received().every(({ data }) => !("result" in data))).toBe(true);
  expect(bench.received()[1]?.data).toEqual({ task_id, agent_type: "implementation" });
  expect(new Set(bench.received().map(({ id }) => id)).size).toBe(types.length);
  for (const delivery of bench.receiver.deliveries) {
    expect(verified(delivery, { secret, now: project.now() })).toEqual(JSON.parse(delivery.body));
  }
});

test("what was altered, is old, or is signed with another secret does not verify", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { secret } = await bench.register({ types: ["task.created"] });
  await project.task();
  await bench.settle();
  const [delivery] = bench.receiver.deliveries;
  if (!delivery) throw new Error("nothing arrived");
  const look = (more: object, at = project.now()) =>
    verified({ ...delivery, ...more }, { secret, now: at });
  expect(look({})).toBeDefined();
  expect(() => look({ body: delivery.body.replace("r1t1", "r1t2") })).toThrow();
  expect(() => look({ headers: { ...delivery.headers, "webhook-id": "evt_other" } })).toThrow();
  expect(() => look({}, project.now() + 301_000)).toThrow();
  const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  expect(() => verified(delivery, { secret: other, now: project.now() })).toThrow();
});

test("a receiver that is down gets the event on the schedule, under one id, with the time of each attempt", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { secret } = await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 500, body: "x".repeat(5_000) });
  await project.task();
  expect(await bench.settle()).toEqual(["again"]);
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 10 });
  expect(deliveries[0]?.results?.[0]).toMatchObject({ status: 500, body: "x".repeat(1_024) });
  for (const pause of RETRY_PAUSES_MS.slice(0, 2)) {
    project.advance((pause - 1_000) / 1000);
    expect(await bench.settle()).toEqual([]);
    project.advance(1 + (pause * 0.1) / 1000);
    await bench.settle();
  }
  bench.receiver.answer({ status: 204 });
  project.advance(3_600);
  expect(await bench.settle()).toEqual(["delivered"]);
  expect(new Set(bench.received().map(({ id }) => id)).size).toBe(1);
  const times = bench.receiver.deliveries.map(({ headers }) => headers["webhook-timestamp"]);
  expect(new Set(times).size).toBe(4);
  expect(
    verified(bench.receiver.deliveries[3] ?? { headers: {}, body: "" }, {
      secret,
      now: project.now(),
    }),
  ).toBeDefined();
});

test("ten attempts without an answer make it dead, and a replay sends it again under its id", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { endpoint_id } = await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 503 });
  await project.task();
  const outcomes = await bench.settle();
  for (let day = 0; day < 14; day++) {
    project.advance(86_400);
    outcomes.push(...(await bench.settle()));
  }
  expect(outcomes.filter((outcome) => outcome !== "later")).toEqual([
    ...Array.from({ length: 9 }, () => "again"),
    "dead",
  ]);
  const [dead] = (await bench.webhooks.store.deliveries({ limit: 10, endpoint_id })).deliveries;
  expect(dead).toMatchObject({ status: "dead", attempts: 10 });
  expect(bench.queued).toEqual([]);
  bench.receiver.answer({ status: 200 });
  const { planned } = await bench.webhooks.store.deliveries({
    limit: 10,
    status: "dead",
    replay: true,
  });
  bench.queued.push(...planned);
  // The endpoint's breaker is open after so many failures: the replay probes when its pause is over.
  const replayed = await bench.settle();
  project.advance(3_600);
  expect([...replayed, ...(await bench.settle())].at(-1)).toBe("delivered");
  expect(new Set(bench.received().map(({ id }) => id)).size).toBe(1);
});

test("Retry-After is obeyed", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 429, headers: { "retry-after": "600" } });
  await project.task();
  await bench.settle();
  bench.receiver.answer({ status: 200 });
  project.advance(599);
  expect(await bench.settle()).toEqual([]);
  project.advance(1);
  expect(await bench.settle()).toEqual(["delivered"]);
});

test("410 Gone disables the endpoint: nothing is sent to it any more", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 410 });
  await project.task();
  expect(await bench.settle()).toEqual(["dead"]);
  await project.task();
  expect(await bench.settle()).toEqual([]);
  const [endpoint] = (await bench.webhooks.store.endpoints()).endpoints;
  expect(endpoint).toMatchObject({ status: "disabled", disabled_because: "It answered 410 Gone." });
  expect(bench.receiver.deliveries).toHaveLength(1);
});

test("a redirect is a failure and is not followed", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 302, headers: { location: `${bench.receiver.url}/elsewhere` } });
  await project.task();
  expect(await bench.settle()).toEqual(["again"]);
  expect(bench.receiver.deliveries.map(({ path }) => path)).toEqual(["/hook"]);
});

test("a receiver that closes before its answer, or in the middle of it, is treated by what arrived", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  let answer = "";
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(answer));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await bench.register({ url: `http://127.0.0.1:${port}/`, types: ["task.created"] });
  await project.task();
  expect(await bench.settle()).toEqual(["again"]);
  const [closed] = (await bench.webhooks.store.deliveries({ limit: 1 })).deliveries;
  expect(closed?.results?.[0]).toMatchObject({
    status: 0,
    error: expect.stringMatching(/broke off/),
  });
  answer = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf of";
  project.advance(10);
  expect(await bench.settle()).toEqual(["delivered"]);
});

test("one planned attempt is made once, however often, late or early QStash calls", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["task.created"] });
  await project.task();
  await makeDeliveries(bench.webhooks);
  const [attempt] = bench.queued;
  if (!attempt) throw new Error("nothing was planned");
  const answered = Promise.withResolvers<{ status: number }>();
  bench.receiver.answer(() => answered.promise);
  const first = deliver(bench.webhooks, attempt);
  await bench.receiver.arrived(1);
  expect(await deliver(bench.webhooks, attempt)).toBe("busy");
  answered.resolve({ status: 200 });
  expect(await first).toBe("delivered");
  expect(await deliver(bench.webhooks, attempt)).toBe("over");
  expect(await deliver(bench.webhooks, { ...attempt, turn: 2 })).toBe("over");
  expect(bench.receiver.deliveries).toHaveLength(1);
});

test("an attempt that failed is over, its successor comes at its time alone, and a report counts once", async () => {
  const project = makeProject();
  const bench = await webhookBench(project);
  await bench.register({ types: ["task.created"] });
  bench.receiver.answer({ status: 500 });
  await project.task();
  await makeDeliveries(bench.webhooks);
  const [first] = bench.queued.splice(0);
  if (!first) throw new Error("nothing was planned");
  expect(await deliver(bench.webhooks, first)).toBe("again");
  const [second] = bench.queued;
  if (!second) throw new Error("nothing was planned anew");
  expect(await deliver(bench.webhooks, second)).toBe("early");

  project.advance(Math.ceil((second.due_at - project.now()) / 1000));
  expect(await deliver(bench.webhooks, first)).toBe("over");
  const result = { at: project.now(), status: 500, ms: 1 };
  const report = { ...first, result, outcome: "again" as const, pause_ms: 1_000 };
  expect(await bench.webhooks.store.end(report)).toEqual({ planned: [] });
  const { deliveries } = await bench.webhooks.store.deliveries({ limit: 1 });
  expect(deliveries[0]).toMatchObject({ attempts: 1, turn: 2, results: [{ status: 500 }] });
  expect(bench.receiver.deliveries).toHaveLength(1);

  bench.receiver.answer({ status: 200 });
  expect(await deliver(bench.webhooks, second)).toBe("delivered");
});
