/** What was skipped because of a dead letter comes back when that is tried again, and only that. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function statuses(project: Project, run = "r1"): Promise<string[]> {
  expect(await project.audit()).toEqual([]);
  const { tasks } = await project.run(run);
  const ids = Array.from({ length: tasks }, (_, index) => `${run}t${index + 1}`);
  return Promise.all(ids.map(async (id) => (await project.record(id)).status));
}

async function bury(project: Project): Promise<string> {
  const { lease } = await project.claim("ada");
  await project.bury(lease);
  return lease.split(".")[0] ?? "";
}

/** Works until nothing is left; returns the tasks in the order in which they were done. */
async function work(project: Project): Promise<string[]> {
  const done: string[] = [];
  for (;;) {
    const [task] = await project.poll("ada");
    if (!task) return done;
    await project.complete(task.lease);
    done.push(task.lease.split(".")[0] ?? "");
  }
}

test("a chain that was skipped waits again, and runs to its end", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"], c: ["b"] });
  await bury(project);
  expect(await statuses(project)).toEqual(["failed", "skipped", "skipped"]);
  await project.control("retry", { task_ids: ["r1t1"] });
  expect(await statuses(project)).toEqual(["ready", "blocked", "blocked"]);
  expect(await project.run("r1")).toMatchObject({ status: "active", open: 3, failed: 0 });
  expect((await project.record("r1t2")).skipped_because).toBeUndefined();
  expect(await work(project)).toEqual(["r1t1", "r1t2", "r1t3"]);
  expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
  expect((await project.dump()).sets["edges"]).toBeUndefined();
  expect(await project.audit()).toEqual([]);
});

test("the end of a diamond comes back once, and runs once", async () => {
  const project = newProject();
  await project.graph({ top: [], left: ["top"], right: ["top"], end: ["left", "right"] });
  await bury(project);
  await project.control("retry", { task_ids: ["r1t1"] });
  expect(await statuses(project)).toEqual(["ready", "blocked", "blocked", "blocked"]);
  expect((await project.record("r1t4")).open_dependencies).toBe(2);
  expect(await work(project)).toEqual(["r1t1", "r1t2", "r1t3", "r1t4"]);
  expect(await statuses(project)).toEqual(["completed", "completed", "completed", "completed"]);
});

test("a diamond of which one side failed comes back with that side, and keeps the other's result", async () => {
  const project = newProject();
  await project.graph({ top: [], left: ["top"], right: ["top"], end: ["left", "right"] });
  await project.complete((await project.claim("ada")).lease);
  const [left, right] = await project.poll("ada", { max_tasks: 2 });
  await project.bury(left?.lease ?? "");
  await project.complete(right?.lease ?? "", "from the right");
  expect(await statuses(project)).toEqual(["completed", "failed", "completed", "skipped"]);
  await project.control("retry", { task_ids: ["r1t2"] });
  expect(await statuses(project)).toEqual(["completed", "ready", "completed", "blocked"]);
  await project.complete((await project.claim("ada")).lease, "from the left");
  expect((await project.claim("ada")).inputs).toEqual({
    left: "from the left",
    right: "from the right",
  });
});

test.each([
  ["r1t1", "r1t2"],
  ["r1t2", "r1t1"],
])("what two dead letters hold back waits for both: %s first", async (first, second) => {
  const project = newProject();
  await project.graph({ a: [], b: [], c: ["a", "b"], d: ["c"] });
  await bury(project);
  await bury(project);
  await project.control("retry", { task_ids: [first] });
  expect((await statuses(project)).slice(2)).toEqual(["skipped", "skipped"]);
  expect((await project.record("r1t3")).skipped_because).toBe(second);
  await work(project);
  expect((await statuses(project)).slice(2)).toEqual(["skipped", "skipped"]);
  await project.control("retry", { task_ids: [second] });
  expect((await statuses(project)).slice(2)).toEqual(["blocked", "blocked"]);
  expect(await work(project)).toEqual([second, "r1t3", "r1t4"]);
});

test("both dead letters retried at once bring everything back", async () => {
  const project = newProject();
  await project.graph({ a: [], b: [], c: ["a", "b"], d: ["c"] });
  await bury(project);
  await bury(project);
  await project.control("retry", { error_code: "invalid_input" });
  expect(await statuses(project)).toEqual(["ready", "ready", "blocked", "blocked"]);
});

test("300 dependents come back in bounded steps that any call carries on", async () => {
  const project = newProject();
  const root = await project.task();
  for (const size of [150, 150]) {
    const tasks = Array.from({ length: size }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
      dependencies: [root],
    }));
    await project.ok(createWorkflow, { name: "Fan", agent_type: "implementation", tasks });
  }
  await bury(project);
  const count = async (status: string): Promise<number> => {
    expect(await project.audit()).toEqual([]);
    const records = Object.values((await project.dump()).hashes).flatMap((fields) =>
      Object.values(fields),
    );
    return records.filter((text) => /"lane":/.test(text) && text.includes(`"status":"${status}"`))
      .length;
  };
  const settle = async (status: string): Promise<void> => {
    for (let calls = 0, before = await count(status); before < 300; calls++) {
      expect(calls).toBeLessThan(10);
      await project.ok(getTaskStatus, { task_id: root });
      const now = await count(status);
      expect(now - before).toBeLessThanOrEqual(LIMITS.edges_per_call);
      before = now;
    }
  };
  await settle("skipped");
  await project.control("retry", { task_ids: [root] });
  // The retry follows some edges, and the sweep of the same call some more.
  expect(await count("blocked")).toBeLessThanOrEqual(2 * LIMITS.edges_per_call);
  await settle("blocked");
  await project.complete((await project.claim("ada")).lease);
  await settle("ready");
  expect((await project.dump()).sets["edges"]).toBeUndefined();
});

test("a dead letter that fails again before all were told leaves everybody skipped", async () => {
  const project = newProject();
  const root = await project.task();
  const tasks = Array.from({ length: 190 }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    dependencies: [root],
  }));
  await project.ok(createWorkflow, { name: "Fan", agent_type: "implementation", tasks });
  await bury(project);
  for (let calls = 0; calls < 4; calls++) await project.ok(getTaskStatus, { task_id: root });
  await project.control("retry", { task_ids: [root] });
  await bury(project);
  for (let calls = 0; calls < 8; calls++) await project.ok(getTaskStatus, { task_id: root });
  expect(new Set(await statuses(project, "r2"))).toEqual(new Set(["skipped"]));
  const told = factsOf(await project.dump()).filter(({ type }) => type === "run.reopened");
  expect(told.length).toBeGreaterThan(0);
  expect((await project.run("r2")).status).toBe("completed");
});

test("dependents that were cancelled meanwhile stay so", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"], c: ["a"] });
  await project.control("cancel", { task_ids: ["r1t2"] });
  await bury(project);
  expect(await statuses(project)).toEqual(["failed", "cancelled", "skipped"]);
  await project.control("retry", { task_ids: ["r1t1"] });
  expect(await statuses(project)).toEqual(["ready", "cancelled", "blocked"]);
  expect(await work(project)).toEqual(["r1t1", "r1t3"]);
  expect(await project.audit()).toEqual([]);
});

test("a task that was added after the failure comes back too", async () => {
  const project = newProject();
  const first = await project.task();
  await bury(project);
  await project.task({ dependencies: [first] });
  await project.task({ dependencies: ["r1t2"] });
  expect(await statuses(project)).toEqual(["failed", "skipped", "skipped"]);
  await project.control("retry", { task_ids: [first] });
  expect(await statuses(project)).toEqual(["ready", "blocked", "blocked"]);
  expect(await work(project)).toEqual(["r1t1", "r1t2", "r1t3"]);
});

test("a dependent with a start time ahead is scheduled once its dependency completed after all", async () => {
  const project = newProject();
  const first = await project.task();
  const start_at = new Date(project.now() + 3_600_000).toISOString();
  await project.task({ dependencies: [first], options: { start_at } });
  await bury(project);
  await project.control("retry", { task_ids: [first] });
  await project.complete((await project.claim("ada")).lease);
  expect(await statuses(project)).toEqual(["completed", "scheduled"]);
});

test("dependents in other runs come back, and their runs are reopened", async () => {
  const project = newProject();
  const first = await project.task();
  await project.graph({ a: [first], b: ["a"] });
  await bury(project);
  expect((await project.run("r2")).status).toBe("completed");
  await project.control("retry", { task_ids: [first] });
  expect(await statuses(project, "r2")).toEqual(["blocked", "blocked"]);
  expect((await project.run("r2")).status).toBe("active");
});

test("a retry that comes while 300 tasks behind it are still being skipped takes all of that back", async () => {
  const project = newProject();
  const root = await project.task();
  await project.graph({ between: [root] });
  const tasks = Array.from({ length: 150 }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    dependencies: ["r2t1"],
  }));
  for (const name of ["One", "Two"]) {
    await project.ok(createWorkflow, { name, agent_type: "implementation", tasks });
  }
  await bury(project);
  // So far only some of them were told that they are skipped.
  const half = await project.run("r4");
  expect(half.open).toBeGreaterThan(0);
  expect((await project.run("r3")).open).toBe(0);
  await project.control("retry", { task_ids: [root] });
  for (let calls = 0; calls < 5; calls++) await project.ok(getTaskStatus, { task_id: root });
  for (const run_id of ["r3", "r4"]) {
    expect(await project.run(run_id)).toMatchObject({ status: "active", open: 150 });
  }
  expect(await project.audit()).toEqual([]);
});
