/** An endpoint that fails is paused: one delivery probes, the others are held, and neither costs messages meanwhile. */
import { expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import { deleteWebhook } from "../../../src/operations/webhooks/delete-webhook.ts";
import { deliver } from "../../../src/operations/webhooks/deliver.ts";
import { giveUp } from "../../../src/operations/webhooks/give-up.ts";
import { listDeliveries } from "../../../src/operations/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../../src/operations/webhooks/list-webhooks.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { replayDeliveries } from "../../../src/operations/webhooks/replay-deliveries.ts";
import { sendOverdue } from "../../../src/operations/webhooks/send-overdue.ts";
import { testWebhook } from "../../../src/operations/webhooks/test-webhook.ts";
import { updateWebhook } from "../../../src/operations/webhooks/update-webhook.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { type Bench, webhookBench } from "../../support/webhook-bench.ts";

const makeProject = useProjects();
const CREATED = { types: ["task.created"] };

interface Scene {
  readonly project: Project;
  readonly bench: Bench;
  readonly endpoint_id: string;
  readonly admin: { as: { role: "admin" }; webhooks: Bench["webhooks"] };
  readonly statuses: () => Promise<string[]>;
}

/** An endpoint that answers 500, and as many events for it. */
async function failing(events: number): Promise<Scene> {
  const project = makeProject();
  const bench = await webhookBench(project);
  const { endpoint_id } = await bench.register(CREATED);
  const admin = { as: { role: "admin" }, webhooks: bench.webhooks } as const;
  bench.receiver.answer({ status: 500 });
  for (let number = 0; number < events; number++) await project.task();
  const statuses = async (): Promise<string[]> => {
    const { deliveries } = await bench.webhooks.store.deliveries({ limit: 200 });
    return deliveries.map(({ status, held }) => held ?? status);
  };
  return { project, bench, endpoint_id, admin, statuses };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test("after five failures in a row the others are held, and go out once one got through", async () => {
  const { project, bench, admin, statuses } = await failing(7);
  expect((await bench.settle()).toSorted()).toEqual([...times(5, "again"), "held", "held"]);
  expect(bench.receiver.deliveries).toHaveLength(5);
  const { webhooks } = await project.ok(listWebhooks, {}, admin);
  expect(webhooks[0]).toMatchObject({ breaker: "open", failures: 5 });
  bench.receiver.answer({ status: 200 });
  project.advance(60);
  await bench.settle();
  // Those that failed before keep to their own schedule.
  project.advance(86_400);
  await bench.settle();
  expect(await statuses()).toEqual(times(7, "delivered"));
  expect(bench.receiver.deliveries).toHaveLength(5 + 7);
  expect(await project.audit()).toEqual([]);
});

test("what happens while an endpoint is down is held at once: a day of that costs a message for each probe alone", async () => {
  const { project, bench, statuses } = await failing(5);
  await bench.settle();
  for (let number = 0; number < 60; number++) await project.task();
  await bench.settle();
  expect((await statuses()).toSorted()).toEqual([...times(60, "breaker"), ...times(5, "waiting")]);
  let messages = 0;
  for (let minute = 0; minute < 1_440; minute += 10) {
    project.advance(600);
    messages += (await bench.settle()).length;
  }
  // 86,400 s at half an hour each, and the schedules of five that had been tried.
  expect(messages).toBeGreaterThan(40);
  expect(messages).toBeLessThan(120);
  bench.receiver.answer({ status: 200 });
  project.advance(1_800);
  await bench.settle();
  expect((await statuses()).filter((status) => status === "breaker")).toEqual([]);
  expect(await project.audit()).toEqual([]);
});

test("while it is down each delivery keeps to its own schedule, and another one probes in its place", async () => {
  const { project, bench } = await failing(6);
  await bench.settle();
  const attempts = async (): Promise<number[]> => {
    const { deliveries } = await bench.webhooks.store.deliveries({ limit: 10 });
    return deliveries.map((delivery) => delivery.attempts).toSorted((a, b) => a - b);
  };
  expect(await attempts()).toEqual([0, 1, 1, 1, 1, 1]);
  project.advance(61);
  await bench.settle();
  // The second failure of one puts it off for five minutes: by then another has probed.
  project.advance(130);
  await bench.settle();
  project.advance(250);
  await bench.settle();
  expect(Math.max(...(await attempts()))).toBeLessThanOrEqual(2);
  expect(await project.audit()).toEqual([]);
});

test("attempts that were under way when the breaker opened do not make its pause longer", async () => {
  const { project, bench, admin } = await failing(8);
  await makeDeliveries(bench.webhooks);
  const due = bench.queued.splice(0);
  await Promise.all(due.map((attempt) => deliver(bench.webhooks, attempt)));
  project.advance(61);
  const { webhooks } = await project.ok(listWebhooks, {}, admin);
  expect(webhooks[0]).toMatchObject({ breaker: "half_open", failures: 8 });
});

test("a probe that is gone is replaced by the watchdog, and what nobody released it releases", async () => {
  const { project, bench, endpoint_id, admin, statuses } = await failing(7);
  await bench.settle();
  const [{ probe = "" } = {}] = (await bench.webhooks.store.endpoints()).endpoints;
  const prefix = `baton:{${project.name}}:`;
  await project.redis.call(["HDEL", `${prefix}deliveries`, probe]);
  await project.redis.call(["ZREM", `${prefix}outbox`, probe]);
  bench.queued.length = 0;
  project.advance(61);
  expect(await sendOverdue(bench.webhooks)).toBeGreaterThanOrEqual(1);
  bench.receiver.answer({ status: 200 });
  expect(await bench.settle()).toContain("delivered");

  await project.ok(updateWebhook, { endpoint_id, status: "paused" }, admin);
  await project.task();
  await bench.settle();
  // Whoever let it go on died before anything was released.
  await bench.webhooks.store.act("going-on", {
    action: "change",
    endpoint_id,
    fields: { status: "active" },
  });
  expect((await statuses())[0]).toBe("paused");
  await sendOverdue(bench.webhooks);
  await bench.settle();
  expect((await statuses())[0]).toBe("delivered");
});

test("a delivery that Baton itself could not make is dead, and the endpoint is not blamed for it", async () => {
  const { project, bench, admin } = await failing(LIMITS.webhook_failures);
  await makeDeliveries(bench.webhooks);
  for (const attempt of bench.queued.splice(0)) await giveUp(bench.webhooks, attempt);
  const { webhooks } = await project.ok(listWebhooks, {}, admin);
  expect(webhooks[0]).not.toHaveProperty("breaker");
  const { deliveries } = await project.ok(listDeliveries, { status: "dead" }, admin);
  expect(deliveries).toHaveLength(LIMITS.webhook_failures);
  expect(await project.audit()).toEqual([]);
});

test("once the probe was given up the next one probes", async () => {
  const { project, bench, statuses } = await failing(7);
  await bench.settle();
  const [{ probe } = {}] = (await bench.webhooks.store.endpoints()).endpoints;
  const planned = bench.queued.filter(({ delivery_id }) => delivery_id === probe);
  for (const attempt of planned) await giveUp(bench.webhooks, attempt);
  bench.receiver.answer({ status: 200 });
  project.advance(61);
  await bench.settle();
  expect((await statuses()).toSorted()).toEqual(
    [...times(6, "delivered"), "dead"].toSorted().map((status) => expect.stringMatching(status)),
  );
});

test("a test event probes at once although the breaker is open, and what is held goes out once it got through", async () => {
  const { project, bench, endpoint_id, admin, statuses } = await failing(7);
  await bench.settle();
  bench.receiver.answer({ status: 200 });
  await project.ok(testWebhook, { endpoint_id }, admin);
  await bench.settle();
  expect(bench.received().slice(5)).toEqual([
    expect.objectContaining({ type: "webhook.test" }),
    ...times(2, expect.objectContaining({ type: "task.created" })),
  ]);
  expect((await statuses()).toSorted()).toEqual(
    [...times(3, "delivered"), ...times(5, "waiting")].toSorted(),
  );
  const { webhooks } = await project.ok(listWebhooks, {}, admin);
  expect(webhooks[0]).not.toHaveProperty("breaker");
  project.advance(86_400);
  await bench.settle();
  expect(await statuses()).toEqual(times(8, "delivered"));
  expect(await project.audit()).toEqual([]);
});

test("failed test events leave the breaker open, with no longer pause, and one delivery that probes", async () => {
  const { project, bench, endpoint_id, admin } = await failing(7);
  await bench.settle();
  for (let number = 0; number < 3; number++) {
    await project.ok(testWebhook, { endpoint_id }, admin);
    await bench.settle();
  }
  expect(bench.receiver.deliveries).toHaveLength(5 + 3);
  const [endpoint] = (await bench.webhooks.store.endpoints()).endpoints;
  expect(endpoint).toMatchObject({
    pause_ms: LIMITS.breaker_pause_ms,
    open_until_ms: project.now() + LIMITS.breaker_pause_ms,
  });
  expect(await project.audit()).toEqual([]);
  project.advance(61);
  await bench.settle();
  expect(bench.receiver.deliveries).toHaveLength(5 + 3 + 1);
});

test("deliveries of a deleted endpoint are dead in the list at once, and are not sent again", async () => {
  const { project, bench, endpoint_id, admin } = await failing(7);
  await bench.settle();
  await project.ok(deleteWebhook, { endpoint_id }, admin);
  expect((await project.ok(listDeliveries, { status: "waiting" }, admin)).deliveries).toEqual([]);
  const { deliveries } = await project.ok(listDeliveries, { status: "dead" }, admin);
  expect(deliveries).toHaveLength(7);
  for (const delivery of deliveries) expect(delivery).not.toHaveProperty("next_attempt_at");
  const [{ delivery_id } = { delivery_id: "" }] = deliveries;
  expect(await project.refusal(replayDeliveries, { delivery_id }, admin)).toMatchObject({
    reason: "not_found",
    message: `${delivery_id} is not sent again: its webhook w1 was deleted.`,
  });
  expect((await project.refusal(replayDeliveries, { endpoint_id }, admin)).message).toMatch(
    "No webhook w1 here",
  );
  expect(await project.audit()).toEqual([]);
});

test("deliveries of a deleted endpoint are dead, with the reason, whether they were held or planned", async () => {
  const { project, bench, endpoint_id, admin } = await failing(7);
  await bench.settle();
  await project.ok(deleteWebhook, { endpoint_id }, admin);
  project.advance(86_400);
  await bench.settle();
  const { deliveries } = await project.ok(listDeliveries, {}, admin);
  const ends = deliveries.map(({ status, results }) => [status, JSON.stringify(results)]);
  expect(ends).toEqual(times(7, ["dead", expect.stringContaining("The endpoint was deleted.")]));
  expect(bench.receiver.deliveries).toHaveLength(5);
  expect(await project.audit()).toEqual([]);
});
