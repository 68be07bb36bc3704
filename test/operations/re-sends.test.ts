/** Every call that changes something may arrive twice: one effect, and the first outcome. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { FaultKind } from "../../infra/local/upstash/faults.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { canonical } from "../support/canonical.ts";
import { buried } from "../support/dead-letters.ts";
import { useProjects } from "../support/project.ts";
import { lifeOfKey } from "../support/life-of-key.ts";
import { held, RE_SENT, type Step, TASK } from "../support/re-sent.ts";

const newProject = useProjects();

interface End {
  readonly result: unknown;
  readonly state: unknown;
}

async function undisturbed({ prepare, act }: Step): Promise<End> {
  const project = newProject();
  const given = (await prepare?.(project)) ?? "";
  const result = await act(project, { given, operation_id: randomUUID() });
  return { result: canonical(result), state: canonical(await project.dump()) };
}

describe.each(Object.keys(RE_SENT))("%s", (name) => {
  const step = RE_SENT[name];
  if (!step) throw new Error("no such step");

  test.each<FaultKind>(["drop-reply", "drop-request", "duplicate", "cold-scripts"])(
    "ends as if nothing had happened under %s",
    async (kind) => {
      const due = await undisturbed(step);
      const project = newProject();
      const given = (await step.prepare?.(project)) ?? "";
      project.upstash.faults.add({ kind, command: "evalsha", contains: project.name, next: 1 });
      const result = await step.act(project, { given, operation_id: randomUUID() });
      expect(project.upstash.faults.list()).toMatchObject([{ hits: 1 }]);
      expect(canonical(result)).toEqual(due.result);
      expect(canonical(await project.dump())).toEqual(due.state);
      expect(await project.audit()).toEqual([]);
    },
  );

  test("sent ten times at once has the effect of one", async () => {
    const due = await undisturbed(step);
    const project = newProject();
    const given = (await step.prepare?.(project)) ?? "";
    const call = { given, operation_id: randomUUID() };
    const sent = Array.from({ length: 10 }, () => step.act(project, call));
    const results = await Promise.all(sent);
    for (const result of results) expect(canonical(result)).toEqual(due.result);
    expect(canonical(await project.dump())).toEqual(due.state);
  });
});

describe("the first of two sendings arrives after the second, and after others", () => {
  test("of a creation: it is answered with the tasks that exist", async () => {
    const project = newProject();
    const operation_id = randomUUID();
    const first = await project.task({}, { operation_id });
    await project.complete((await project.claim("ada")).lease);
    await project.task();
    const before = await project.dump();
    expect(await project.task({}, { operation_id })).toBe(first);
    expect(await project.dump()).toEqual(before);
  });

  test("of a shared-state write: it does not overwrite what came after", async () => {
    const project = newProject();
    const operation_id = randomUUID();
    const write = { key: "k", value: "old" };
    const first = await project.ok(setSharedState, write, { operation_id });
    await project.ok(setSharedState, { key: "k", value: "new" });
    expect(await project.ok(setSharedState, write, { operation_id })).toEqual(first);
    expect(await project.ok(getSharedState, { key: "k" })).toMatchObject({
      value: "new",
      version: 2,
    });
  });

  test("of a shared-state write under a lease that ended since: it gets its version", async () => {
    const project = newProject();
    const lease = await held(project);
    const operation_id = randomUUID();
    const write = { key: "k", value: 1, lease };
    const first = await project.ok(setSharedState, write, { operation_id });
    await project.complete(lease);
    expect(await project.ok(setSharedState, write, { operation_id })).toEqual(first);
  });

  test("of a creation that filled its run: it is answered, not refused", async () => {
    const project = newProject();
    await project.task();
    const full = { ...(await project.run("r1")), tasks: LIMITS.tasks_per_run - 1 };
    const shard = `baton:{${project.name}}:shard:1`;
    await project.redis.call(["HSET", shard, "r1", JSON.stringify(full)]);
    const operation_id = randomUUID();
    const last = await project.task({ run_id: "r1" }, { operation_id });
    expect(last).toBe(`r1t${LIMITS.tasks_per_run}`);
    expect(await project.task({ run_id: "r1" }, { operation_id })).toBe(last);
    const refusal = await project.refusal(createTask, { ...TASK, run_id: "r1" });
    expect(refusal).toMatchObject({ reason: "limit", limit: LIMITS.tasks_per_run });
  });

  test("of a heartbeat after the submit: it is told that the task was submitted", async () => {
    const project = newProject();
    const lease = await held(project);
    await project.complete(lease);
    const before = await project.dump();
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_ended" });
    expect(await project.dump()).toEqual(before);
  });

  test("of a poll: what it takes is given again by the next poll of that agent", async () => {
    const project = newProject();
    await project.task();
    const second = await project.task();
    await project.complete((await project.claim("ada")).lease);
    const late = await project.claim("ada");
    expect(late.lease).toMatch(second);
    expect(await project.claim("ada")).toMatchObject({ lease: late.lease, held: true });
  });
});

describe("idempotency_key", () => {
  test("gives the first outcome for the same body, however often and by whichever operation id", async () => {
    const project = newProject();
    const input = { ...TASK, idempotency_key: "one" };
    const first = await project.ok(createTask, input);
    expect(await project.ok(createTask, input)).toEqual(first);
    const before = await project.dump();
    await project.ok(createTask, input);
    expect(await project.dump()).toEqual(before);
  });

  test("is a conflict with another body, and nothing changes", async () => {
    const project = newProject();
    await project.ok(createTask, { ...TASK, idempotency_key: "one" });
    const before = await project.dump();
    for (const other of [
      { ...TASK, task_description: "Do something else." },
      { ...TASK, context: {} },
      { ...TASK, priority: 1 },
    ]) {
      const refusal = await project.refusal(createTask, { ...other, idempotency_key: "one" });
      expect(refusal.reason).toBe("idempotency_conflict");
    }
    expect(await project.dump()).toEqual(before);
  });

  test("belongs to its operation: create_task and create_workflow may use the same", async () => {
    const project = newProject();
    await project.ok(createTask, { ...TASK, idempotency_key: "one" });
    const made = await project.ok(createWorkflow, {
      name: "Flow",
      tasks: [{ key: "a", ...TASK }],
      idempotency_key: "one",
    });
    expect(made.run_id).toBe("r2");
  });

  test("may hold half a surrogate pair, a zero byte, or quotes", async () => {
    const project = newProject();
    for (const idempotency_key of ["\ud800", "a\u0000b", '"}{\\']) {
      const first = await project.ok(createTask, { ...TASK, idempotency_key });
      expect(await project.ok(createTask, { ...TASK, idempotency_key })).toEqual(first);
    }
  });

  test("of a refused creation is free for the next", async () => {
    const project = newProject();
    const input = { ...TASK, idempotency_key: "one" };
    await project.refusal(createTask, { ...input, dependencies: ["r9t9"] });
    expect((await project.ok(createTask, input)).task_id).toBe("r1t1");
  });

  test("of a control call gives the first outcome for a day, and another body is a conflict", async () => {
    const project = newProject();
    const given = await buried(project, "E1");
    const call = { action: "retry" as const, task_ids: [given], idempotency_key: "one" };
    expect(await project.ok(controlTask, call)).toEqual({ changed: [given] });
    await project.bury((await project.claim("ada")).lease);
    const before = await project.dump();
    expect(await project.ok(controlTask, call)).toEqual({ changed: [given] });
    for (const other of [
      { ...call, action: "discard" as const },
      { ...call, changes: { priority: 0 } },
      { action: "cancel", run_id: "r1", idempotency_key: "one" } as const,
    ]) {
      const refusal = await project.refusal(controlTask, other);
      expect(refusal.reason).toBe("idempotency_conflict");
    }
    expect(await project.dump()).toEqual(before);
    expect(await lifeOfKey(project)).toBeGreaterThan(LIMITS.idempotency_seconds - 600);
  });

  test("of a cancelled run gives the first outcome, also when the run goes on since", async () => {
    const project = newProject();
    await project.task();
    const call = { action: "cancel", run_id: "r1", idempotency_key: "one" } as const;
    expect(await project.ok(controlTask, call)).toEqual({ changed: ["r1t1"] });
    await project.task({ run_id: "r1" });
    expect(await project.ok(controlTask, call)).toEqual({ changed: ["r1t1"] });
    expect((await project.record("r1t2")).status).toBe("ready");
    const other = { ...call, run_id: "r2" };
    expect((await project.refusal(controlTask, other)).reason).toBe("not_found");
    expect(await lifeOfKey(project)).toBeGreaterThan(LIMITS.idempotency_seconds - 600);
  });

  test("of a shared-state write gives the first version, and another body is a conflict", async () => {
    const project = newProject();
    const write = { key: "k", value: 1, idempotency_key: "one" };
    expect(await project.ok(setSharedState, write)).toEqual({ key: "k", version: 1 });
    await project.ok(setSharedState, { key: "k", value: 2 });
    const before = await project.dump();
    expect(await project.ok(setSharedState, write)).toEqual({ key: "k", version: 1 });
    for (const other of [
      { ...write, value: 3 },
      { ...write, key: "other" },
      { ...write, if_version: 7 },
    ]) {
      const refusal = await project.refusal(setSharedState, other);
      expect(refusal.reason).toBe("idempotency_conflict");
    }
    expect(await project.dump()).toEqual(before);
  });
});
