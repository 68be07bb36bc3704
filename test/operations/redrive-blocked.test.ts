/** A dead letter that had waited for other tasks when it died waits for them again when it is retried. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { tick } from "../../src/operations/tick.ts";
import { letters } from "../support/dead-letters.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Tasks r1t1, r1t2 and r1t3, the last of which waits for the others and has missed its deadline. */
async function missed(options: object = {}): Promise<Project> {
  const project = newProject();
  await project.task();
  await project.task({ run_id: "r1" });
  const deadline = new Date(project.now() + 60_000).toISOString();
  await project.task({ dependencies: ["r1t1", "r1t2"], options: { deadline, ...options } });
  project.advance(61);
  await tick(project.store);
  expect(await project.record("r1t3")).toMatchObject({ status: "failed", error_code: "deadline" });
  return project;
}

const retry = (project: Project) => project.control("retry", { task_ids: ["r1t3"] });

test("runs once both have completed, with their results", async () => {
  const project = await missed();
  expect(await retry(project)).toEqual({ changed: ["r1t3"] });
  expect(await project.record("r1t3")).toMatchObject({ status: "blocked", open_dependencies: 2 });
  expect(await letters(project)).toEqual([]);
  expect(await project.audit()).toEqual([]);
  const status = await project.ok(getTaskStatus, { task_id: "r1t3", detail: "why" });
  expect(JSON.stringify(status)).toMatch(/r1t1/);
  const [first, second] = await project.poll("ada", { max_tasks: 3 });
  await project.complete(first?.lease ?? "", 1);
  expect(await project.record("r1t3")).toMatchObject({ status: "blocked", open_dependencies: 1 });
  await project.complete(second?.lease ?? "", 2);
  expect(await project.claim("ada")).toMatchObject({ inputs: { r1t1: 1, r1t2: 2 } });
  expect(await project.audit()).toEqual([]);
});

test("counts what has become of them meanwhile", async () => {
  const project = await missed();
  await project.complete((await project.claim("ada")).lease);
  await retry(project);
  expect(await project.record("r1t3")).toMatchObject({ status: "blocked", open_dependencies: 1 });
  expect(await project.audit()).toEqual([]);
});

test("is ready at once where they have completed meanwhile", async () => {
  const project = await missed();
  for (const result of [1, 2]) await project.complete((await project.claim("ada")).lease, result);
  await retry(project);
  expect(await project.claim("ada")).toMatchObject({ inputs: { r1t1: 1, r1t2: 2 } });
  expect((await project.dump()).sets["edges"]).toBeUndefined();
  expect(await project.audit()).toEqual([]);
});

test.each([
  ["failed", "have that one done first", "all_success"],
  ["cancelled", "create it again without that dependency", "all_success"],
])("is refused where one has %s meanwhile: %s", async (fate, advice) => {
  const project = await missed();
  const { lease } = await project.claim("ada");
  if (fate === "failed") await project.bury(lease);
  else await project.control("cancel", { task_ids: ["r1t1"] });
  const reply = await retry(project);
  expect(reply.changed).toEqual([]);
  expect(reply.refused?.[0]?.reason).toMatch(`r1t1, which ${fate === "failed" ? "is" : "was"}`);
  expect(reply.refused?.[0]?.reason).toMatch(advice);
  expect(await letters(project)).toContain("r1t3");
  expect(await project.audit()).toEqual([]);
});

test("waits again once the one that had failed is tried again", async () => {
  const project = await missed();
  await project.bury((await project.claim("ada")).lease);
  expect(await project.control("retry", { task_ids: ["r1t1", "r1t3"] })).toEqual({
    changed: ["r1t1", "r1t3"],
  });
  expect((await project.record("r1t3")).status).toBe("blocked");
  expect(await project.audit()).toEqual([]);
});

test("by all_done it waits for the rest, by one_failed for a failure", async () => {
  const all = await missed({ trigger_rule: "all_done" });
  await all.bury((await all.claim("ada")).lease);
  await retry(all);
  expect(await all.record("r1t3")).toMatchObject({ status: "blocked", open_dependencies: 1 });
  await all.complete((await all.claim("ada")).lease);
  expect((await all.record("r1t3")).status).toBe("ready");

  const one = await missed({ trigger_rule: "one_failed" });
  await one.bury((await one.claim("ada")).lease);
  await retry(one);
  expect((await one.record("r1t3")).status).toBe("ready");
  expect(await one.audit()).toEqual([]);
});

test("by one_failed it is refused where nothing failed", async () => {
  const project = await missed({ trigger_rule: "one_failed" });
  for (const _ of ["r1t1", "r1t2"]) await project.complete((await project.claim("ada")).lease);
  expect((await retry(project)).refused?.[0]?.reason).toMatch("none of its dependencies failed");
});

test("what was skipped because of it waits again behind it", async () => {
  const project = newProject();
  await project.task();
  const deadline = new Date(project.now() + 60_000).toISOString();
  const middle = await project.task({ dependencies: ["r1t1"], options: { deadline } });
  const last = await project.task({ dependencies: [middle] });
  project.advance(61);
  await tick(project.store);
  expect((await project.record(last)).status).toBe("skipped");
  await project.control("retry", { task_ids: [middle] });
  expect((await project.record(last)).status).toBe("blocked");
  for (const id of ["r1t1", middle, last]) {
    const { lease } = await project.claim("ada");
    expect(lease).toMatch(id);
    await project.complete(lease);
  }
  expect((await project.run("r1")).status).toBe("completed");
  expect(await project.audit()).toEqual([]);
});

test("one whose dependency is gone with its retention has to be created again", async () => {
  const project = newProject();
  await project.task();
  const deadline = new Date(project.now() + 60_000).toISOString();
  const { task_id } = await project.ok(createTask, {
    agent_type: "testing",
    task_description: "Test it.",
    dependencies: ["r1t1"],
    options: { deadline },
  });
  project.advance(61);
  await tick(project.store);
  await project.complete((await project.claim("ada")).lease);
  project.advance(LIMITS.run_kept_ms / 1000 + 1);
  await tick(project.store);
  await expect(project.record("r1t1")).rejects.toThrow("no record");
  const { refused } = await project.control("retry", { task_ids: [task_id] });
  expect(refused?.[0]?.reason).toMatch("which was removed after its retention");
});
