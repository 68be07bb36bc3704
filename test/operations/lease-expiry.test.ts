/** What a lease that ran out, or that never was, is still worth. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Lets the lease run out and the next agent take the task; returns both leases. */
async function handOver(project: Project): Promise<{ lost: string; live: string }> {
  const lost = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  const live = await project.claim("bob", { lease_seconds: 60 });
  return { lost: lost.lease, live: live.lease };
}

test("the next agent gets the next attempt, and reads how the last one ended", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  await project.ok(heartbeat, { lease, message: "Found the file." });
  project.advance(61);
  const next = await project.claim("bob");
  expect(next.lease).toMatch(`${id}.2.`);
  expect(next.fence).toBe("1.2");
  expect(next.previous_errors).toEqual([
    "attempt 1 (ada): its lease ran out; it had said: Found the file.",
  ]);
  expect((await project.record(id)).message).toBeUndefined();
  expect(await project.audit()).toEqual([]);
});

test("the same agent, too, gets a new attempt once its lease was swept", async () => {
  const project = newProject();
  const id = await project.task();
  await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  const again = await project.claim("ada");
  expect(again.lease).toMatch(`${id}.2.`);
  expect(again.held).toBeUndefined();
});

test("a poll gives again what is held, with lease and text, and counts it towards max_tasks", async () => {
  const project = newProject();
  await project.task({ task_description: "First.", context: { a: [] } });
  await project.task({ task_description: "Second." });
  await project.task({ task_description: "Third." });
  const first = await project.claim("ada");
  const again = await project.claim("ada");
  expect(again).toEqual({ ...first, held: true });
  const both = await project.poll("ada", { max_tasks: 2 });
  expect(both.map(({ held, task_description }) => [held, task_description])).toEqual([
    [true, "First."],
    [undefined, "Second."],
  ]);
  expect(await project.poll("ada", { max_tasks: 0 })).toHaveLength(2);
  expect(await project.audit()).toEqual([]);
});

test("a task that a late heartbeat took back is given again by the next poll", async () => {
  const project = newProject();
  const [first, second] = [await project.task(), await project.task()];
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  const other = await project.task({ priority: 0 });
  expect((await project.claim("ada")).lease).toMatch(other);
  await project.ok(heartbeat, { lease });
  expect(await project.audit()).toEqual([]);
  const held = (await project.poll("ada", { max_tasks: 2 })).map((task) => task.lease);
  expect(held).toContain(lease);
  expect((await project.record(first)).attempt).toBe(1);
  expect((await project.record(second)).attempt).toBe(0);
});

test("a late heartbeat does not take back what somebody else has, or had", async () => {
  const project = newProject();
  await project.task();
  const { lost, live } = await handOver(project);
  const before = await project.dump();
  expect(await project.refusal(heartbeat, { lease: lost })).toMatchObject({
    reason: "lease_lost",
    task_status: "running",
    attempt: 2,
  });
  expect(await project.dump()).toEqual(before);
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  expect(await project.refusal(heartbeat, { lease: lost })).toMatchObject({ reason: "lease_lost" });
  await project.complete(live);
  expect(await project.refusal(heartbeat, { lease: lost })).toMatchObject({
    reason: "lease_lost",
    task_status: "completed",
  });
});

test("a shared-state write under a late lease takes the task back first", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  await project.ok(setSharedState, { key: "k", value: 1, lease });
  expect(await project.record("r1t1")).toMatchObject({ status: "running", attempt: 1 });
  expect(await project.audit()).toEqual([]);
});

test("a lost lease writes and reads no shared state", async () => {
  const project = newProject();
  await project.task();
  const { lost } = await handOver(project);
  const before = await project.dump();
  for (const refusal of [
    await project.refusal(setSharedState, { key: "k", value: 1, lease: lost }),
    await project.refusal(getSharedState, { prefix: "", lease: lost }),
  ]) {
    expect(refusal.reason).toBe("lease_lost");
  }
  expect(await project.dump()).toEqual(before);
});

describe("a completed that comes too late", () => {
  test("is refused as lease_lost and kept, while the other works and after", async () => {
    const project = newProject();
    const id = await project.task();
    const { lost, live } = await handOver(project);
    const refusal = await project.refusal(submitResult, {
      lease: lost,
      status: "completed",
      result: { by: "ada" },
    });
    expect(refusal).toMatchObject({
      reason: "lease_lost",
      task_status: "running",
      attempt: 2,
    });
    expect(refusal.message).toMatch("Your result was kept");
    await project.complete(live, { by: "bob" });
    const again = await project.refusal(submitResult, { lease: lost, status: "completed" });
    expect(again.message).toMatch("Your result was kept");
    const status = await project.ok(getTaskStatus, { task_id: id, detail: "full" });
    expect(status).toMatchObject({
      status: "completed",
      result: { by: "bob" },
      late_results: [{ attempt: 1, agent_id: "ada", seconds_ago: 0, result: { by: "ada" } }],
    });
    expect(await project.audit()).toEqual([]);
  });

  test("is kept also when the other worker finished first", async () => {
    const project = newProject();
    const id = await project.task();
    const { lost, live } = await handOver(project);
    await project.complete(live, "bob's");
    await project.refusal(submitResult, { lease: lost, status: "completed", result: "ada's" });
    const { tasks } = await project.ok(listTasks, { status: "late_result" });
    expect(tasks.map(({ task_id }) => task_id)).toEqual([id]);
    expect(await project.record(id)).toMatchObject({ status: "completed", late_results: [1] });
    expect(await project.audit()).toEqual([]);
  });

  test("is kept whole when it is large", async () => {
    const project = newProject();
    const id = await project.task();
    const { lost } = await handOver(project);
    const result = "x".repeat(LIMITS.inline_bytes + 1);
    await project.refusal(submitResult, { lease: lost, status: "completed", result });
    expect(await project.audit()).toEqual([]);
    const { late_results } = await project.ok(getTaskStatus, { task_id: id, detail: "full" });
    expect(late_results).toMatchObject([{ attempt: 1, result }]);
  });

  test("is kept for the last three attempts that sent one", async () => {
    const project = newProject();
    const id = await project.task();
    const leases: string[] = [];
    for (let attempt = 1; attempt <= LIMITS.late_results_kept + 2; attempt++) {
      const { lease } = await project.claim(`agent-${attempt}`, { lease_seconds: 10 });
      await project.ok(heartbeat, { lease });
      leases.push(lease);
      project.advance(11);
    }
    await project.claim("last");
    for (const lease of leases) {
      await project.refusal(submitResult, { lease, status: "completed", result: lease });
    }
    expect((await project.record(id)).late_results).toEqual([3, 4, 5]);
    expect(await project.audit()).toEqual([]);
  });

  test("is not kept when it says failed or released", async () => {
    const project = newProject();
    await project.task();
    const { lost } = await handOver(project);
    const before = await project.dump();
    for (const status of ["failed", "released"] as const) {
      const submit = { lease: lost, status, error: { message: "no" }, result: "notes" };
      const refusal = await project.refusal(submitResult, submit);
      expect(refusal.reason).toBe("lease_lost");
      expect(refusal.message).not.toMatch("kept");
    }
    expect(await project.dump()).toEqual(before);
  });
});

describe("a lease that is none", () => {
  const forged: Record<string, (lease: string) => string> = {
    "has another check": (lease) => `${lease.slice(0, -10)}aaaaaaaaaa`,
    "names the next attempt": (lease) => lease.replace(".1.", ".2."),
    "names a task that does not exist": (lease) => lease.replace("r1t1", "r1t99"),
    "names a run that does not exist": (lease) => lease.replace("r1t1", "r99t1"),
    "is no lease at all": () => "r1t1",
  };

  test.each(Object.keys(forged))("is lease_unknown everywhere when it %s", async (name) => {
    const project = newProject();
    await project.task();
    const lease = forged[name]?.((await project.claim("ada")).lease) ?? "";
    expect(await reasons(project, { lease })).toEqual(EVERYWHERE_UNKNOWN);
  });

  test("is lease_unknown with another key", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    expect(await reasons(project, { lease, key_id: "key-2" })).toEqual(EVERYWHERE_UNKNOWN);
  });

  test.each(Object.keys(forged))("is lease_unknown, once it ended, when it %s", async (name) => {
    const project = newProject();
    await project.task();
    const { lost } = await handOver(project);
    const lease = forged[name]?.(lost) ?? "";
    expect(await reasons(project, { lease })).toEqual(EVERYWHERE_UNKNOWN);
  });

  test("is lease_unknown with another key also after it ended", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    await project.complete(lease, "secret");
    expect(await reasons(project, { lease, key_id: "key-2" })).toEqual(EVERYWHERE_UNKNOWN);
  });

  test("is lease_unknown with another key also after the task went on without it", async () => {
    const project = newProject();
    await project.task();
    const { lost: lease } = await handOver(project);
    expect(await reasons(project, { lease, key_id: "key-2" })).toEqual(EVERYWHERE_UNKNOWN);
  });

  const EVERYWHERE_UNKNOWN = Array.from({ length: 5 }, () => "lease_unknown");

  /** Why each call that takes a lease refuses this one; nothing may change meanwhile. */
  async function reasons(
    project: Project,
    { lease, key_id = "key-1" }: { lease: string; key_id?: string },
  ): Promise<string[]> {
    const before = await project.dump();
    const as = { as: { key_id } };
    const refusals = [
      await project.refusal(heartbeat, { lease }, as),
      await project.refusal(submitResult, { lease, status: "completed" }, as),
      await project.refusal(submitResult, { lease, status: "released", poll_next: true }, as),
      await project.refusal(setSharedState, { key: "k", value: 1, lease }, as),
      await project.refusal(getSharedState, { prefix: "", lease }, as),
    ];
    for (const { message } of refusals) expect(message).toMatch(`"${lease}"`);
    expect(await project.dump()).toEqual(before);
    return refusals.map(({ reason }) => reason);
  }
});

test("another key does not get the tasks that an agent of the same name holds", async () => {
  const project = newProject();
  await project.task();
  await project.claim("ada");
  const before = await project.dump();
  const sent = project.poll("ada", {}, { as: { key_id: "key-2" } });
  await expect(sent).rejects.toThrow(/belongs to an agent with another key/);
  expect(await project.dump()).toEqual(before);
  project.advance(LIMITS.agent_name_kept_ms / 1000 + 1);
  const [task] = await project.poll("ada", {}, { as: { key_id: "key-2" } });
  expect(task?.lease).toMatch("r1t1.2.");
});
