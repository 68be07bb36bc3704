/** The core once more on the embedded engine, which stands in where no Redis is installed. */
import * as fc from "../support/fast-check.ts";
import { expect, test } from "vitest";
import { audit } from "../../src/operations/audit.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Json, useProjects } from "../support/project.ts";

const newProject = useProjects({ choice: "embedded" });

test("a task goes from creation to its result, told by one event after the other", async () => {
  const project = newProject();
  const id = await project.task({ context: { a: [] }, priority: 0 });
  const { lease, context } = await project.claim("ada");
  expect(context).toEqual({ a: [] });
  await project.ok(heartbeat, { lease, progress: 50, message: "Half of it." });
  await project.complete(lease, [{}]);
  const status = await project.ok(getTaskStatus, { task_id: id, detail: "full" });
  expect(status).toMatchObject({ status: "completed", result: [{}], context: { a: [] } });
  expect(factsOf(await project.dump()).map(({ type }) => type)).toEqual([
    "run.created",
    "task.created",
    "task.ready",
    "agent.online",
    "task.claimed",
    "task.progress",
    "task.completed",
    "run.completed",
  ]);
  expect(await project.audit()).toEqual([]);
});

test("a lease that ran out goes to the next, and the late result is kept", async () => {
  const project = newProject();
  const id = await project.task();
  const lost = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  const next = await project.claim("bob");
  expect(next.lease).toMatch(`${id}.2.`);
  const refusal = await project.refusal(submitResult, {
    lease: lost.lease,
    status: "completed",
    result: "late",
  });
  expect(refusal).toMatchObject({ reason: "lease_lost", attempt: 2 });
  await project.complete(next.lease, "in time");
  expect(await project.ok(getTaskStatus, { task_id: id, detail: "full" })).toMatchObject({
    result: "in time",
    late_results: [{ attempt: 1, result: "late" }],
  });
  expect(await project.audit()).toEqual([]);
});

test("a late heartbeat takes the task back, and an unknown lease is refused", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  await project.ok(heartbeat, { lease });
  expect(await project.claim("ada")).toMatchObject({ lease, held: true });
  expect(await project.refusal(heartbeat, { lease: "r9t9.1.abcdefghij" })).toMatchObject({
    reason: "lease_unknown",
  });
  expect(await project.audit()).toEqual([]);
});

test("the order of claims holds across priorities and lanes, and ids decide ties by number", async () => {
  const project = newProject();
  const keys = Array.from({ length: 11 }, (_, index) => [`k${index}`, []] as const);
  await project.graph(Object.fromEntries(keys));
  await project.task({ priority: 0, options: { requires: ["gpu"] } });
  await project.task({ priority: 9 });
  const got: string[] = [];
  for (let turn = 0; turn < 13; turn++) {
    const { lease } = await project.claim("ada", { capabilities: ["gpu"] });
    got.push(lease.split(".")[0] ?? "");
    await project.complete(lease);
  }
  expect(got).toEqual(["r2t1", ...keys.map((_, index) => `r1t${index + 1}`), "r3t1"]);
});

test("random graphs are worked off by two agents, each task once", async () => {
  const shapes = fc.array(fc.uniqueArray(fc.nat(20), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(9), async (shape, failing) => {
      const project = newProject();
      const edges = shape.map((targets, index) => [
        `k${index}`,
        targets.filter((target) => target < index).map((target) => `k${target}`),
      ]);
      await project.graph(Object.fromEntries(edges));
      const leases: string[] = [];
      const work = async (agent_id: string): Promise<void> => {
        while ((await project.run("r1")).status === "active") {
          for (const { lease } of await project.poll(agent_id)) {
            leases.push(lease);
            const bad = lease.startsWith(`r1t${failing}.`);
            const submit = { lease, status: bad ? ("failed" as const) : ("completed" as const) };
            await project.ok(submitResult, {
              ...submit,
              error: { message: "No.", category: "permission" },
            });
          }
        }
      };
      await Promise.all([work("ada"), work("bob")]);
      expect(new Set(leases.map((lease) => lease.split(".")[0])).size).toBe(leases.length);
      expect(await project.audit()).toEqual([]);
    }),
    { numRuns: 8 },
  );
});

test("a fan-out of 150 is followed in bounded steps", async () => {
  const project = newProject();
  const keys = Array.from({ length: 150 }, (_, index) => [`k${index}`, ["root"]] as const);
  await project.graph({ root: [], ...Object.fromEntries(keys) });
  await project.complete((await project.claim("ada")).lease);
  const ready = async (): Promise<number> =>
    (await project.ok(listTasks, { status: "ready", limit: 200 })).tasks.length;
  await ready();
  expect(await ready()).toBe(150);
  expect(await project.audit()).toEqual([]);
});

test("calls whose reply is lost have one effect", async () => {
  const project = newProject();
  const drop = (): string =>
    project.upstash.faults.add({ kind: "drop-reply", contains: project.name, next: 1 });
  await project.task();
  const { lease: first } = await project.claim("ada");
  await project.complete(first);
  drop();
  const id = await project.task();
  expect(id).toBe("r2t1");
  drop();
  const { lease } = await project.claim("ada");
  drop();
  await project.ok(setSharedState, { key: "k", value: 1, if_version: 0, lease });
  drop();
  expect(await project.complete(lease, "done")).toMatchObject({ status: "completed" });
  expect(project.upstash.faults.list().map(({ hits }) => hits)).toEqual([1, 1, 1, 1]);
  expect((await project.record(id)).attempts).toHaveLength(1);
  expect(await project.ok(getSharedState, { key: "k" })).toMatchObject({ version: 1 });
  expect(await project.audit()).toEqual([]);
});

test("one of twenty writers of the same version wins", async () => {
  const project = newProject();
  const writers = Array.from({ length: 20 }, (_, value) =>
    project.call(setSharedState, { key: "k", value, if_version: 0 }),
  );
  const won = (await Promise.all(writers)).filter(({ ok }) => ok);
  expect(won).toHaveLength(1);
});

test.each([
  ["empty ones", { a: [], b: {}, c: [null] }],
  ["numbers", [1e21, 12345678901234568, -0.5]],
  ["odd characters", ["\ud800", "a\u0000b", "🦜", '"\\/\u007f']],
  ["250 KB", "x".repeat(250_000)],
] satisfies [string, Json][])("payloads keep %s", async (_, value) => {
  const project = newProject();
  const id = await project.task({ context: value });
  await project.complete((await project.claim("ada")).lease, value);
  const { payload_blob, result_blob } = await project.record(id);
  const [payload, result] = await project.store.texts([
    payload_blob === undefined ? { field: `${id}:payload` } : { blob: payload_blob },
    result_blob === undefined ? { field: `${id}:result` } : { blob: result_blob },
  ]);
  expect(JSON.parse(payload ?? "")).toMatchObject({ context: value });
  expect(JSON.parse(result ?? "")).toEqual(value);
  expect(await project.audit()).toEqual([]);
});

test("shared state expires, is found by prefix and shows its agents what they hold", async () => {
  const project = newProject();
  await project.ok(setSharedState, { key: "b/1", value: [], ttl_seconds: 60 });
  await project.ok(setSharedState, { key: "b/2", value: {} });
  await project.ok(setSharedState, { key: "c", value: null });
  const found = await project.ok(getSharedState, { prefix: "b/" });
  expect(found.entries?.map(({ value }) => value)).toEqual([[], {}]);
  project.advance(60);
  expect((await project.ok(getSharedState, { prefix: "b/" })).entries).toHaveLength(1);
  expect(await project.audit()).toEqual([]);
  await project.task();
  await project.claim("ada");
  expect((await project.ok(listAgents, {})).agents).toMatchObject([
    { agent_id: "ada", status: "busy", holds: ["r1t1"] },
  ]);
});

test("a failure is tried again, a dead letter buried and retried, and what it skipped comes back", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  await project.fail((await project.claim("ada")).lease, { category: "transient" });
  expect(await project.record("r1t1")).toMatchObject({ status: "scheduled", failures: 1 });
  project.advance(11);
  await project.bury((await project.claim("ada")).lease, "E1");
  expect(await project.ok(listTasks, { status: "dead_letter" })).toMatchObject({
    tasks: [{ task_id: "r1t1" }],
    groups: [{ code: "E1", count: 1 }],
  });
  expect((await project.record("r1t2")).status).toBe("skipped");
  await project.control("retry", { error_code: "E1" });
  expect((await project.record("r1t2")).status).toBe("blocked");
  expect(await project.audit()).toEqual([]);
});

test("a breaker opens and lets one probe through, and ticks are armed for its pause", async () => {
  const project = newProject();
  for (let nth = 0; nth < 5; nth++) {
    await project.task({ options: { retry: { max_attempts: 1 } } });
    await project.fail((await project.claim(`agent-${nth}`)).lease);
  }
  await project.task();
  expect(await project.poll("ada", { max_tasks: 2 })).toEqual([]);
  expect(project.ticks.some(({ at }) => at === project.now() + 60_000)).toBe(true);
  project.advance(60);
  expect(await project.poll("ada", { max_tasks: 2 })).toHaveLength(1);
  expect(await project.audit()).toEqual([]);
});

test("an audit builds a lost line again, and retention removes what has ended", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  await project.redis.call(["DEL", `baton:{${project.name}}:line`]);
  const { findings } = await project.ok(audit, {});
  expect(findings).toHaveLength(1);
  expect(await project.audit()).toEqual([]);
  await project.control("cancel", { run_id: "r1" });
  project.advance(8 * 86_400);
  expect(await project.store.retire()).toBe(2);
  const { hashes, sets } = await project.dump();
  expect([...Object.keys(hashes), ...Object.keys(sets)]).toEqual(["control"]);
});

test("a new task wakes a waiting poll", async () => {
  const project = newProject();
  const input = { agent_id: "ada", agent_type: "implementation", wait_seconds: 30 };
  const answer = project.ok(pollTasks, input);
  await project.ok(createTask, { agent_type: "implementation", task_description: "Do it." });
  expect((await answer).tasks).toHaveLength(1);
});
