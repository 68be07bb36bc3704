/** Deadlines of the built Worker while nobody calls it: QStash does. */
import { expect, test } from "vitest";
import { connectRedis } from "../../infra/local/redis/connection.ts";
import { TIMER_OFFSET } from "../../src/domain/order.ts";
import { taskRecord, type TaskRecord } from "../../src/domain/task.ts";
import { schedulesOf, theWatchdog, useStack } from "../support/stack.ts";
import { apiOf, dumpOf } from "../support/worker-api.ts";
import { eventually } from "../support/eventually.ts";

const lines: Record<string, unknown>[] = [];
const stack = useStack({
  onLine: (line) => {
    if (line.startsWith("{")) lines.push(JSON.parse(line) as Record<string, unknown>);
  },
});

/** The stored record, read past the Worker: asking it would sweep. */
async function stored(task_id: string): Promise<TaskRecord> {
  const { hashes } = await dumpOf(stack());
  const text = Object.values(hashes).find((fields) => task_id in fields)?.[task_id];
  return taskRecord.parse(JSON.parse(text ?? ""));
}

async function until(task_id: string, expected: object): Promise<void> {
  await eventually(async () => expect(await stored(task_id)).toMatchObject(expected));
}

test("a lease runs out by a tick, and the tick is the only message", async () => {
  const api = apiOf(stack());
  const { stats } = stack().qstash;
  const before = stats.published;
  const task_id = await api.task("ticking");
  await api.claim("gone", { agent_type: "ticking", lease_seconds: 1 });
  await until(task_id, { status: "ready", attempt: 1, attempts: [{ outcome: "expired" }] });
  await stack().qstash.idle();
  expect(stats.published - before).toBe(1);
  expect(stack().qstash.pending()).toEqual([]);
  // What the Worker writes is read some time after its reply.
  await eventually(() =>
    expect(lines.filter(({ event }) => event === "callback")).toEqual([
      expect.objectContaining({
        callback: "tick",
        outcome: "ok",
        project: "local",
        swept: 1,
        retried: 0,
        message_id: expect.stringMatching(/^msg_/),
      }),
    ]),
  );
});

test("a retry follows its pause by a tick", async () => {
  const api = apiOf(stack());
  const task_id = await api.task("retrying", {
    options: { retry: { initial_seconds: 1, jitter: "none" } },
  });
  const { lease } = await api.claim("unlucky", { agent_type: "retrying" });
  const failed = { lease, status: "failed", error: "no luck" };
  expect(await api.ok("submit_result", failed)).toMatchObject({ status: "scheduled" });
  await until(task_id, { status: "ready", failures: 1 });
});

test("the watchdog is one schedule of this Worker, set up with the stack", async () => {
  expect(await theWatchdog(stack())).toMatchObject({
    cron: "*/5 * * * *",
    destination: `${stack().baseUrl}/qstash/watchdog`,
  });
});

test("a tick does not delay the reply of the call that armed it", async () => {
  const { qstash } = stack();
  const api = apiOf(stack());
  const before = lines.length;
  const clear = qstash.faults.add({ kind: "refuse-publish", status: 500, times: "always" });
  const task_id = await api.task("hasty", { options: { start_within_seconds: 1 } });
  clear();
  // It was answered while the publish was still being tried: only then could it be let through.
  await until(task_id, { status: "failed", error_code: "start_timeout" });
  expect(lines.slice(before).map(({ event }) => event)).not.toContain("scheduler.publish_failed");
});

test("POST /v1/agents/{id}/alive renews what the agent holds", async () => {
  const api = apiOf(stack());
  const task_id = await api.task("hooked");
  await api.claim("a hooked/agent", { agent_type: "hooked", lease_seconds: 600 });
  const before = await stored(task_id);
  const url = `${stack().baseUrl}/v1/agents/a%20hooked%2Fagent/alive`;
  const headers = { authorization: `Bearer ${stack().keys.orchestrator}` };
  const response = await fetch(url, { method: "POST", headers });
  expect([response.status, await response.json()]).toEqual([
    200,
    { agent_id: "a hooked/agent", tasks: [{ task_id, lease_seconds: expect.any(Number) }] },
  ]);
  const after = await stored(task_id);
  expect(after.lease).toMatchObject({ alive: true });
  expect(after.lease?.until_ms).toBeGreaterThanOrEqual(before.lease?.until_ms ?? Infinity);
  const unknown = await fetch(url.replace("hooked", "unknown"), { method: "POST", headers });
  expect(unknown.status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(401);
  expect((await fetch(url, { headers })).status).toBe(405);
});

/** At the end: it moves QStash's clock ahead of everybody else's, and lets the watchdog loose. */
test("with every tick lost, the watchdog's schedule does it", async () => {
  const { qstash } = stack();
  const clear = qstash.faults.add({
    kind: "lose-delivery",
    match: "/qstash/tick",
    times: "always",
  });
  const api = apiOf(stack());
  const task_id = await api.task("watched");
  await api.claim("gone", { agent_type: "watched", lease_seconds: 1 });
  const { lease } = await stored(task_id);
  await eventually(() => expect(Date.now()).toBeGreaterThan(lease?.until_ms ?? Infinity));
  await schedulesOf(stack()).resume({ schedule: (await theWatchdog(stack())).scheduleId });
  await qstash.clock.advance(300_000);
  await until(task_id, { status: "ready", attempt: 1 });
  clear();
});

test("a schedule fires behind the reply of whoever finds it due", async () => {
  const api = apiOf(stack());
  const { schedule_id } = await api.ok("create_workflow", {
    name: "New year",
    agent_type: "calendar",
    tasks: [{ key: "a", task_description: "A" }],
    options: { cron: { schedule: "0 0 1 1 *", time_zone: "Asia/Tokyo" } },
  });
  // As if that were now.
  const at = Date.now() - 1_000;
  const key = (name: string) => `baton:{local}:${name}`;
  const redis = await connectRedis({ url: stack().redis.url });
  const text = (await dumpOf(stack())).hashes["schedules"]?.[String(schedule_id)] ?? "";
  const due = JSON.stringify({ ...(JSON.parse(text) as object), next_at: at });
  await redis.call(["HSET", key("schedules"), String(schedule_id), due]);
  await redis.call(["ZADD", key("line"), String(at - TIMER_OFFSET), `cron:${String(schedule_id)}`]);
  await redis.call(["HSET", key("control"), "next_due", String(at)]);
  redis.close();
  await api.ok("list_agents", {});
  await eventually(async () =>
    expect(await api.ok("list_tasks", { agent_type: "calendar" })).toMatchObject({
      tasks: [{ status: "ready" }],
    }),
  );
  // Said only after the schedule has moved on, which is later than its task being there.
  await eventually(() =>
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "schedule.due", schedule_id, firing: "fired" }),
    ),
  );
});
