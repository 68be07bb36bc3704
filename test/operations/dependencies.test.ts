/** What waits for what: chains, diamonds, skips, ended dependencies and ended runs. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function statuses(project: Project, run = "r1"): Promise<string[]> {
  expect(await project.audit()).toEqual([]);
  const { tasks } = await project.run(run);
  const ids = Array.from({ length: tasks }, (_, index) => `${run}t${index + 1}`);
  return Promise.all(ids.map(async (id) => (await project.record(id)).status));
}

test("a chain runs one after the other, whatever the order in which it was described", async () => {
  const project = newProject();
  await project.graph({ d: ["c"], b: ["a"], c: ["b"], a: [] });
  const ran: (string | undefined)[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const { lease } = await project.claim("ada");
    ran.push(lease.split(".")[0]);
    expect(await project.poll("bob")).toEqual([]);
    await project.complete(lease);
  }
  expect(ran).toEqual(["r1t4", "r1t2", "r1t3", "r1t1"]);
  expect(await project.run("r1")).toMatchObject({ status: "completed", tasks: 4, open: 0 });
});

test("the end of a diamond waits for both sides", async () => {
  const project = newProject();
  await project.graph({ top: [], left: ["top"], right: ["top"], end: ["left", "right"] });
  await project.complete((await project.claim("ada")).lease);
  const sides = await project.poll("ada", { max_tasks: 5 });
  expect(sides).toHaveLength(2);
  await project.complete(sides[0]?.lease ?? "");
  expect(await statuses(project)).toEqual(["completed", "completed", "running", "blocked"]);
  await project.complete(sides[1]?.lease ?? "");
  expect(await statuses(project)).toEqual(["completed", "completed", "completed", "ready"]);
});

test("a skip cascades through a diamond once, and leaves the rest of the run alone", async () => {
  const project = newProject();
  await project.graph({
    top: [],
    left: ["top"],
    right: ["top"],
    end: ["left", "right"],
    alone: [],
  });
  await project.bury((await project.claim("ada")).lease);
  expect(await statuses(project)).toEqual(["failed", "skipped", "skipped", "skipped", "ready"]);
  const skipped = factsOf(await project.dump()).filter(({ type }) => type === "task.skipped");
  expect(skipped.map(({ task_id }) => task_id)).toEqual(["r1t2", "r1t3", "r1t4"]);
  expect(await project.run("r1")).toMatchObject({ status: "active", open: 1, failed: 1 });
  await project.complete((await project.claim("ada")).lease);
  expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0, failed: 1 });
});

test("a task that was skipped stays skipped when its other dependency completes", async () => {
  const project = newProject();
  await project.graph({ a: [], b: [], c: ["a", "b"] });
  const tasks = await project.poll("ada", { max_tasks: 2 });
  await project.bury(tasks[0]?.lease ?? "");
  await project.complete(tasks[1]?.lease ?? "");
  expect(await statuses(project)).toEqual(["failed", "completed", "skipped"]);
  // The edge of the dead letter is kept, since its retry revives what was skipped.
  expect((await project.dump()).sets["edges"]).toEqual([["r1t1|r1t3", 0]]);
});

describe("a dependency that has ended already", () => {
  test("lets the task be ready at once if it completed", async () => {
    const project = newProject();
    const first = await project.task();
    await project.complete((await project.claim("ada")).lease, { n: 7 });
    await project.task({ dependencies: [first] });
    expect(await statuses(project)).toEqual(["completed", "ready"]);
    expect((await project.claim("ada")).inputs).toEqual({ r1t1: { n: 7 } });
  });

  test("skips the task at once if it failed, and the run stays ended", async () => {
    const project = newProject();
    const first = await project.task();
    await project.bury((await project.claim("ada")).lease);
    const made = await project.ok(createTask, {
      agent_type: "implementation",
      task_description: "Never.",
      dependencies: [first],
    });
    expect(made).toMatchObject({ task_id: "r1t2", status: "skipped" });
    expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0 });
    await project.task({ dependencies: ["r1t2"] });
    const told = factsOf(await project.dump()).map(({ type }) => type);
    expect(told.filter((type) => type === "run.failed" || type === "run.reopened")).toEqual([
      "run.failed",
    ]);
    expect(await statuses(project)).toEqual(["failed", "skipped", "skipped"]);
  });

  test("skips a whole workflow that hangs on it, whose run then ends at once", async () => {
    const project = newProject();
    const first = await project.task();
    await project.bury((await project.claim("ada")).lease);
    await project.graph({ a: [first], b: ["a"], c: ["b"] });
    expect(await statuses(project, "r2")).toEqual(["skipped", "skipped", "skipped"]);
    expect((await project.run("r2")).status).toBe("completed");
  });
});

describe("a run that has ended", () => {
  test("is reopened by a task that joins it, and ends again", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    expect(await project.run("r1")).toMatchObject({ status: "completed" });
    project.advance(10);
    expect(await project.task({ run_id: "r1" })).toBe("r1t2");
    const reopened = await project.run("r1");
    expect(reopened).toMatchObject({ status: "active", open: 1, tasks: 2 });
    expect(reopened.ended_at).toBeUndefined();
    await project.complete((await project.claim("ada")).lease);
    expect(await project.run("r1")).toMatchObject({ status: "completed", ended_at: project.now() });
    const told = factsOf(await project.dump()).map(({ type }) => String(type));
    expect(told.filter((type) => type.startsWith("run."))).toEqual([
      "run.created",
      "run.completed",
      "run.reopened",
      "run.completed",
    ]);
  });

  test("still counts what failed in it before", async () => {
    const project = newProject();
    await project.task();
    await project.bury((await project.claim("ada")).lease);
    await project.task({ run_id: "r1" });
    await project.complete((await project.claim("ada")).lease);
    expect((await project.run("r1")).status).toBe("failed");
  });
});

test("dependencies reach across runs, in both directions of a run's end", async () => {
  const project = newProject();
  const first = await project.task();
  await project.graph({ a: [first], b: ["a"] });
  expect(await statuses(project, "r2")).toEqual(["blocked", "blocked"]);
  await project.bury((await project.claim("ada")).lease);
  expect(await statuses(project, "r2")).toEqual(["skipped", "skipped"]);
  expect((await project.run("r2")).status).toBe("completed");
});

test("a task without a run joins that of its first dependency", async () => {
  const project = newProject();
  await project.task();
  await project.task();
  expect(await project.task({ dependencies: ["r2t1", "r1t1"] })).toBe("r2t2");
  expect(await project.task({ dependencies: ["r2t1"], run_id: "r1" })).toBe("r1t2");
  expect(await project.audit()).toEqual([]);
});

describe("what is refused as a whole", () => {
  const node = (key: string, ...dependencies: string[]) => ({
    key,
    task_description: key,
    dependencies,
  });
  type Nodes = ReturnType<typeof node>[];

  const graphs: Record<string, { tasks: Nodes; says: RegExp[] }> = {
    "a cycle": { tasks: [node("a", "c"), node("b", "a"), node("c", "b")], says: [/cycle/] },
    "a task that depends on itself": { tasks: [node("a", "a")], says: [/a depends on itself/] },
    "an unknown key": { tasks: [node("test"), node("b", "tset")], says: [/"tset".*mean test/] },
    "a doubled dependency": { tasks: [node("a"), node("b", "a", "a")], says: [/"a" twice/] },
    "a doubled key": { tasks: [node("a"), node("a")], says: [/"a" stands twice/] },
    "all of these at once": {
      tasks: [node("a", "b"), node("b", "a"), node("c", "c"), node("d", "x"), node("a", "c", "c")],
      says: [/cycle/, /c depends on itself/, /"x"/, /"c" twice/, /"a" stands twice/],
    },
  };

  test.each(Object.keys(graphs))("%s: every fault is listed and nothing created", async (name) => {
    const project = newProject();
    const { tasks = [], says = [] } = graphs[name] ?? {};
    const refusal = await project.refusal(createWorkflow, {
      name: "Graph",
      agent_type: "implementation",
      tasks,
    });
    expect(refusal.reason).toBe("graph");
    for (const part of says) expect(refusal.message).toMatch(part);
    expect(refusal["faults"]).toHaveLength(says.length);
    expect(Object.keys((await project.dump()).hashes)).toEqual([]);
  });

  test.each([1, 2, 3, 7, 50, 199, 200, 201, 640, LIMITS.workflow_tasks])(
    "a cycle of %i among other tasks, however they are told, leaves nothing behind",
    async (length) => {
      const project = newProject();
      await project.task();
      const before = await project.dump();
      const ring = Array.from({ length }, (_, index) => `ring${(index * 7919) % length}`);
      const links = ring.map((key, index) => node(key, ring[(index + 1) % length] ?? ""));
      const others = length < LIMITS.workflow_tasks ? [node("first"), node("after", "ring0")] : [];
      const refusal = await project.refusal(createWorkflow, {
        name: "Ring",
        agent_type: "implementation",
        tasks: [...others, ...links],
      });
      expect(refusal.reason).toBe("graph");
      expect(refusal["faults"]).toHaveLength(1);
      expect(refusal.message).toMatch(length === 1 ? "ring0 depends on itself" : "cycle ring");
      expect(await project.dump()).toEqual(before);
    },
  );

  test("unknown tasks are all named, and nothing is created", async () => {
    const project = newProject();
    const first = await project.task();
    const before = await project.dump();
    const refusal = await project.refusal(createTask, {
      agent_type: "implementation",
      task_description: "Never.",
      dependencies: [first, "r1t9", "r7t1"],
    });
    expect(refusal).toMatchObject({ reason: "not_found", ids: ["r1t9", "r7t1"] });
    expect(await project.dump()).toEqual(before);
  });

  test.each(["r9", "r1t1", "workflow", "r01", "r1:payload"])(
    "run_id %s, which is none here, is not_found",
    async (run_id) => {
      const project = newProject();
      await project.task();
      const before = await project.dump();
      const refusal = await project.refusal(createTask, {
        agent_type: "implementation",
        task_description: "Never.",
        run_id,
      });
      expect(refusal.reason).toBe("not_found");
      expect(refusal.message).toMatch(run_id);
      expect(await project.dump()).toEqual(before);
    },
  );
});
