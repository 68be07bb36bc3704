/** A result that came too late is kept, and may be taken for the task's result after all. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Ada loses r1t1 to bob, finishes nevertheless, and her result is kept; returns bob's lease. */
async function lateResult(project: Project, result: Json = { by: "ada" }): Promise<string> {
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  const bob = await project.claim("bob", { lease_seconds: 60 });
  const refusal = await project.refusal(submitResult, { lease, status: "completed", result });
  expect(refusal.message).toMatch("Your result was kept");
  return bob.lease;
}

const REACHED: Record<string, (project: Project, bob: string) => Promise<unknown>> = {
  running: async () => undefined,
  ready: (project, lease) => project.ok(submitResult, { lease, status: "released" }),
  scheduled: (project, lease) => project.fail(lease),
  failed: (project, lease) => project.bury(lease),
  cancelled: (project) => project.control("cancel", { task_ids: ["r1t1"] }),
};

describe.each(Object.keys(REACHED))("promoting while the task is %s", (status) => {
  test("completes it with that result, and its run goes on", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    const bob = await lateResult(project);
    await REACHED[status]?.(project, bob);
    expect((await project.record("r1t1")).status).toBe(status);
    const { changed } = await project.control("promote_late_result", { task_ids: ["r1t1"] });
    expect(changed).toEqual(["r1t1"]);
    expect(await project.audit()).toEqual([]);
    expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({
      status: "completed",
      result: { by: "ada" },
    });
    const { error, error_code, ended_at } = await project.record("r1t1");
    expect({ error, error_code, ended_at }).toEqual({ ended_at: project.now() });
    expect((await project.dump()).sets["dead"]).toBeUndefined();
  });

  test("ends what the other worker holds", async () => {
    const project = newProject();
    await project.task();
    const bob = await lateResult(project);
    await REACHED[status]?.(project, bob);
    await project.control("promote_late_result", { task_ids: ["r1t1"] });
    await project.refusal(heartbeat, { lease: bob });
    const before = (await project.record("r1t1")).status;
    await project.call(submitResult, { lease: bob, status: "completed", result: "bob's" });
    expect(before).toBe("completed");
    expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({
      status: "completed",
      result: { by: "ada" },
    });
    expect(await project.poll("eve")).toEqual([]);
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
    expect(await project.audit()).toEqual([]);
  });
});

test.each(["failed", "cancelled"])(
  "dependents that a %s task skipped run with its promoted result",
  async (status) => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    await REACHED[status]?.(project, await lateResult(project));
    expect((await project.record("r1t2")).status).toBe("skipped");
    await project.control("promote_late_result", { task_ids: ["r1t1"] });
    expect((await project.claim("eve")).inputs).toEqual({ a: { by: "ada" } });
    expect(await project.audit()).toEqual([]);
  },
);

test.each([
  ["null", null],
  ["an empty list", []],
  ["text that looks like a blob's name", { result_blob: "ff" }],
  ["a large one", "x".repeat(LIMITS.inline_bytes + 1)],
] satisfies [string, Json][])("a result arrives as it was: %s", async (_, result) => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  await lateResult(project, result);
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect((await project.claim("eve")).inputs).toEqual({ a: result });
  const { result_blob } = await project.record("r1t1");
  const [text] = await project.store.texts([
    result_blob === undefined ? { field: "r1t1:result" } : { blob: result_blob },
  ]);
  expect(JSON.parse(text ?? "")).toEqual(result);
  expect(await project.audit()).toEqual([]);
});

test("the last of several late results is taken, and all stay to be read", async () => {
  const project = newProject();
  await project.task();
  const leases: string[] = [];
  for (const agent of ["ada", "bob"]) {
    leases.push((await project.claim(agent, { lease_seconds: 60 })).lease);
    project.advance(61);
  }
  await project.claim("eve");
  for (const lease of leases) {
    await project.refusal(submitResult, { lease, status: "completed", result: lease });
  }
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  const status = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
  expect(status).toMatchObject({
    result: leases[1],
    late_results: [{ attempt: 1 }, { attempt: 2 }],
  });
});

test("what drops out of the last three is removed with its task, large as it may be", async () => {
  const project = newProject();
  await project.task();
  const leases: string[] = [];
  for (let nth = 1; nth <= LIMITS.late_results_kept + 2; nth++) {
    const { lease } = await project.claim(`agent-${nth}`, { lease_seconds: 60 });
    await project.ok(heartbeat, { lease });
    leases.push(lease);
    project.advance(61);
  }
  const last = await project.claim("last");
  const result = "x".repeat(LIMITS.inline_bytes + 1);
  for (const lease of leases) {
    await project.refusal(submitResult, { lease, status: "completed", result });
  }
  expect(await project.audit()).toEqual([]);
  await project.complete(last.lease);
  project.advance(8 * 86_400);
  expect(await project.store.retire()).toBe(1);
  expect(
    Object.keys((await project.dump()).strings).filter((key) => key.startsWith("blob:")),
  ).toEqual([]);
});

test("a worker that first gave up and then finished is kept, and may be promoted", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  await project.fail(lease);
  const answer = await project.ok(submitResult, { lease, status: "completed", result: "found it" });
  expect(answer).toMatchObject({ status: "scheduled" });
  expect(answer.note).toMatch("late result");
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({
    status: "completed",
    result: "found it",
  });
  expect(await project.audit()).toEqual([]);
});

test("there must be one, and the task must not have completed", async () => {
  const project = newProject();
  await project.task();
  const none = await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect(none.refused).toEqual([{ task_id: "r1t1", reason: "it has no late result" }]);
  await project.complete(await lateResult(project), "bob's");
  const before = await project.dump();
  const over = await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect(over.refused).toEqual([{ task_id: "r1t1", reason: "it is completed already" }]);
  expect(await project.dump()).toEqual(before);
});

test("a cancelled run stays so when the result of one of its tasks is promoted, until something is retried", async () => {
  const project = newProject();
  const run = await project.graph({ a: [], b: [] });
  const { lease } = await project.claim("ada");
  await project.control("cancel", { run_id: run });
  await project.refusal(submitResult, { lease, status: "completed", result: 1 });
  await project.control("promote_late_result", { task_ids: [`${run}t1`] });
  expect(await project.run(run)).toMatchObject({
    status: "cancelled",
    counts: { completed: 1, cancelled: 1 },
  });
  expect(await project.audit()).toEqual([]);
  const more = await project.task({ run_id: run });
  await project.bury((await project.claim("ada")).lease);
  expect(await project.run(run)).toMatchObject({ status: "failed" });
  await project.control("retry", { task_ids: [more] });
  await project.complete((await project.claim("ada")).lease);
  expect(await project.run(run)).toMatchObject({ status: "completed" });
});
