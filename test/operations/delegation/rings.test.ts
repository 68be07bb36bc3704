/** Nobody may wait for a task that waits for its own parent, over however many steps. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import type { Refusal } from "../../../src/domain/refusal.ts";
import { createTask } from "../../../src/operations/create-task.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../../src/operations/get-task-status.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { child, parent, planningTask, wait, WORKER } from "./support.ts";

const newProject = useProjects();

const refusal = (project: Project, lease: string, dependencies: string[]): Promise<Refusal> =>
  project.refusal(
    createTask,
    { agent_type: "implementation", task_description: "More.", lease, dependencies },
    WORKER,
  );

/** Tasks of a type that nobody polls for, each waiting for the one before it; the ids. */
async function chain(project: Project, from: string, length: number): Promise<string[]> {
  const ids = [from];
  for (let step = 1; step <= length; step++) {
    ids.push(await project.task({ agent_type: "later", dependencies: ids.slice(-1) }));
  }
  return ids.slice(1);
}

describe("a child is refused that depends on", () => {
  test.each([1, 2, 5, LIMITS.cycle_steps])(
    "a task that waits for its parent over %i steps, and nothing is changed",
    async (steps) => {
      const project = newProject();
      const lease = await parent(project);
      const ids = await chain(project, "r1t1", steps);
      const before = await project.dump();
      const refused = await refusal(project, lease, ids.slice(-1));
      expect(refused.reason).toBe("graph");
      expect(refused.message).toMatch(`${ids[0]} waits for r1t1, and r1t1 cannot complete before`);
      const ring = [...ids.toReversed(), "r1t1", ids.at(-1)];
      expect(refused["faults"]).toEqual([ring.join(" → ")]);
      expect(await project.dump()).toEqual(before);
    },
  );

  test("one that waits for its grandparent, among others that wait for nothing", async () => {
    const project = newProject();
    const outer = await parent(project);
    await child(project, outer, { agent_type: "planning" });
    const { lease } = await planningTask(project, "eve");
    const [after = ""] = await chain(project, "r1t1", 1);
    const free = await project.task();
    expect((await refusal(project, lease, [free, after])).message).toMatch(
      `Nothing was created: ${after} waits for r1t1, and r1t1 cannot complete`,
    );
    expect(await child(project, lease, { dependencies: [free] })).toBe("r1t4");
  });

  test("one that waits for a child of its own which waits for that parent", async () => {
    const project = newProject();
    const lease = await parent(project);
    const other = await project.task({ agent_type: "planning" });
    const { lease: othersLease } = await planningTask(project, "eve");
    await child(project, lease, { dependencies: [other] });
    expect((await refusal(project, othersLease, ["r1t1"])).message).toMatch(
      `r1t1 waits for r1t2, r1t2 waits for ${other}, and ${other} cannot complete`,
    );
  });

  test("with others of its workflow: none of them is created", async () => {
    const project = newProject();
    const lease = await parent(project);
    const [after = ""] = await chain(project, "r1t1", 1);
    const tasks = [
      { key: "a", task_description: "A." },
      { key: "b", task_description: "B.", dependencies: ["a", after] },
    ];
    const made = { name: "Parts", agent_type: "implementation", lease, tasks };
    expect((await project.refusal(createWorkflow, made, WORKER)).reason).toBe("graph");
    expect(await project.run("r1")).toMatchObject({ tasks: 2 });
  });
});

test("a child may wait for a sibling, for what has ended, and for what waits for others", async () => {
  const project = newProject();
  const lease = await parent(project);
  const first = await child(project, lease);
  const second = await child(project, lease, { dependencies: [first] });
  const base = await project.task({ agent_type: "later" });
  const [after = ""] = await chain(project, base, 1);
  const third = await child(project, lease, { dependencies: [second, after] });
  expect((await project.record(third)).status).toBe("blocked");
  expect(await project.audit()).toEqual([]);
});

test("a child may wait for a task of a large workflow that is not in its place yet", async () => {
  const project = newProject();
  const lease = await parent(project);
  const tasks = Array.from({ length: 300 }, (_, index) => ({
    key: `k${index}`,
    agent_type: "planning",
    task_description: "Plan.",
  }));
  await project.ok(createWorkflow, { name: "Large", tasks });
  expect((await project.record("r2t300")).staged).toBe(true);
  expect(await child(project, lease, { dependencies: ["r2t300"] })).toBe("r1t2");
});

test("a ring that a retry closes is named by why, and cancelling the child opens it", async () => {
  const project = newProject();
  const lease = await parent(project);
  const broken = await project.task();
  const middle = await project.task({ dependencies: [broken, "r1t1"] });
  await project.bury((await project.claim("bob")).lease);
  const below = await child(project, lease, { dependencies: [middle] });
  expect((await project.record(below)).status).toBe("skipped");
  await project.control("retry", { task_ids: [broken] });
  await project.complete((await project.claim("bob")).lease);
  await wait(project, lease);
  const shown = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "why" });
  expect(shown).toMatchObject({ cause: "deadlock", root: middle });
  const ring = ["r1t1", below, middle, "r1t1"].join(" waits for ");
  expect(shown["why"]).toMatch(`Deadlock: ${ring}. Cancel ${below}, so that r1t1 goes on`);
  const run = await project.ok(getTaskStatus, { run_id: "r1", detail: "why" });
  expect(JSON.stringify(run["causes"])).toMatch("Deadlock: ");
  await project.control("cancel", { task_ids: [below] });
  expect((await planningTask(project, "ada")).lease).toMatch("r1t1.2.");
  expect(await project.audit()).toEqual([]);
});
