/** What a task may delegate: how deep, how many, to whom; and that its children get no more than it has left. */
import { describe, expect, test } from "vitest";
import { createTask } from "../../../src/operations/create-task.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import type { Refusal } from "../../../src/domain/refusal.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { child, children, parent, WORKER } from "./support.ts";

const newProject = useProjects();

function refused(
  project: Project,
  lease: string,
  more: { agent_type?: string; options?: object } = {},
): Promise<Refusal> {
  const task = { agent_type: "implementation", task_description: "More.", lease, ...more };
  return project.refusal(createTask, { ...task, options: { ...more.options } }, WORKER);
}

test("a worker creates children in the run of its own task, and they know where they belong", async () => {
  const project = newProject();
  const lease = await parent(project);
  expect(await child(project, lease)).toBe("r1t2");
  expect(await project.record("r1t2")).toMatchObject({
    parent: "r1t1",
    ancestors: ["r1t1"],
    delegation: { max_depth: 1, max_tasks: 19 },
  });
  expect(await project.record("r1t1")).toMatchObject({
    children: ["r1t2"],
    open_children: 1,
    delegated: 1,
  });
  expect(await project.audit()).toEqual([]);
});

test("a workflow under a lease joins the run, with dependencies among its tasks and on others", async () => {
  const project = newProject();
  const other = await project.task({ agent_type: "testing" });
  const lease = await parent(project);
  const tasks = [
    { key: "a", task_description: "A.", dependencies: [other] },
    { key: "b", task_description: "B.", dependencies: ["a"] },
  ];
  const made = { name: "Parts", agent_type: "implementation", lease, tasks };
  expect(await project.ok(createWorkflow, made, WORKER)).toMatchObject({
    run_id: "r2",
    tasks: 2,
    ready: 0,
    first: "r2t2",
  });
  expect((await project.record("r2t3")).dependencies).toMatchObject([
    { task_id: "r2t2", key: "a" },
  ]);
  expect(await project.audit()).toEqual([]);
});

describe("a creation is refused", () => {
  test("without a lease, to a worker", async () => {
    const project = newProject();
    const task = { agent_type: "x", task_description: "X." };
    expect(await project.refusal(createTask, task, WORKER)).toMatchObject({
      reason: "role",
      message: expect.stringMatching("pass the lease"),
    });
  });

  test("under another key's lease, as under none", async () => {
    const project = newProject();
    const lease = await parent(project);
    const task = { agent_type: "x", task_description: "X.", lease };
    const other = { as: { role: "worker", key_id: "key-2" } } as const;
    expect(await project.refusal(createTask, task, other)).toMatchObject({
      reason: "lease_unknown",
    });
  });

  test("in another run than the lease's", async () => {
    const project = newProject();
    await project.task({ agent_type: "testing" });
    const lease = await parent(project);
    const task = { agent_type: "x", task_description: "X.", lease, run_id: "r1" };
    expect(await project.refusal(createTask, task)).toMatchObject({
      reason: "invalid",
      message: expect.stringMatching("run of their parent \\(r2\\), not to r1"),
    });
    expect(await child(project, lease, { run_id: "r2" })).toBe("r2t2");
  });

  test("where a child would wait for its own parent, or for one further up", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease, { agent_type: "planning" });
    const inner = (await project.claim("bob", { agent_type: "planning" })).lease;
    for (const id of ["r1t1", "r1t2"]) {
      const task = { agent_type: "x", task_description: "X.", lease: inner, dependencies: [id] };
      expect(await project.refusal(createTask, task, WORKER)).toMatchObject({
        reason: "graph",
        message: expect.stringMatching(`Nothing was created: ${id} cannot complete before`),
      });
    }
    expect(await project.audit()).toEqual([]);
  });

  test("below the depth that was granted", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    const first = (await project.claim("bob")).lease;
    await child(project, first);
    const second = (await project.claim("cyd")).lease;
    expect(await refused(project, second)).toMatchObject({
      reason: "limit",
      message: expect.stringMatching("r1t3 may not delegate any further"),
    });
  });

  test("to an agent type that was not granted, and says which were", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { agent_types: ["testing", "review"] } });
    expect(await refused(project, lease)).toMatchObject({
      reason: "limit",
      message: expect.stringMatching("not delegate to implementation; allowed: testing, review"),
    });
  });

  test("with a review by an agent type that was not granted", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { agent_types: ["implementation"] } });
    const options = { review: { agent_type: "testing", criteria: "Good." } };
    expect(await refused(project, lease, { options })).toMatchObject({
      reason: "limit",
      message: expect.stringMatching("not delegate to testing; allowed: implementation"),
    });
    expect((await project.run("r1")).tasks).toBe(1);
  });

  test("beyond the number that was granted, all or nothing, and says how many are left", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 3 } });
    await children(project, lease, 2);
    const tasks = ["a", "b"].map((key) => ({ key, task_description: "X." }));
    const two = { name: "Two", agent_type: "implementation", lease, tasks };
    expect(await project.refusal(createWorkflow, two, WORKER)).toMatchObject({
      reason: "limit",
      message: expect.stringMatching("of the 3 tasks that may be below r1t1 .* 1 is left; 2 were"),
      max_tasks: 3,
      left: 1,
    });
    expect((await project.run("r1")).tasks).toBe(3);
    await child(project, lease);
    expect(await refused(project, lease)).toMatchObject({ reason: "limit", left: 0 });
    expect(await project.audit()).toEqual([]);
  });

  test("where nothing may be delegated at all", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 0 } });
    expect(await refused(project, lease)).toMatchObject({ reason: "limit", left: 0 });
  });
});

describe("a child", () => {
  test.each([
    [{ max_depth: 2 }, "options.delegation.max_depth may be at most 1"],
    [{ max_tasks: 5 }, "options.delegation.max_tasks may be at most 4"],
    [{ agent_types: ["x", "testing"] }, "may not delegate to x; allowed: implementation, testing"],
  ])("that asks for %j gets no more than its parent has", async (delegation, said) => {
    const project = newProject();
    const options = { max_tasks: 5, agent_types: ["implementation", "testing"] };
    const lease = await parent(project, { delegation: options });
    const refusal = await refused(project, lease, { options: { delegation } });
    expect(refusal).toMatchObject({ reason: "limit", message: expect.stringMatching(said) });
    expect((await project.run("r1")).tasks).toBe(1);
  });

  test("that asks for less gets that, and one that asks for nothing what is left", async () => {
    const project = newProject();
    const options = { max_depth: 3, max_tasks: 5, agent_types: ["implementation", "testing"] };
    const lease = await parent(project, { delegation: options });
    const asked = { max_depth: 1, max_tasks: 2, agent_types: ["testing"] };
    await child(project, lease, { options: { delegation: asked } });
    await child(project, lease);
    expect((await project.record("r1t2")).delegation).toEqual(asked);
    expect((await project.record("r1t3")).delegation).toEqual({
      ...options,
      max_depth: 2,
      max_tasks: 3,
    });
  });

  test("takes from what is left to all above it", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 3 } });
    await child(project, lease);
    const inner = (await project.claim("bob")).lease;
    await children(project, inner, 2);
    expect((await project.record("r1t1")).delegated).toBe(3);
    expect(await refused(project, lease)).toMatchObject({ left: 0 });
    expect(await refused(project, inner)).toMatchObject({ reason: "limit", left: 0 });
    expect(await project.audit()).toEqual([]);
  });
});

test("ten creations at once take no more than there is", async () => {
  const project = newProject();
  const lease = await parent(project, { delegation: { max_tasks: 4 } });
  const task = { agent_type: "implementation", task_description: "X.", lease };
  const results = await Promise.all(
    Array.from({ length: 10 }, () => project.call(createTask, task, WORKER)),
  );
  expect(results.filter(({ ok }) => ok)).toHaveLength(4);
  expect(await project.record("r1t1")).toMatchObject({ delegated: 4, open_children: 4 });
  expect(await project.audit()).toEqual([]);
});

describe("a creation that is sent again", () => {
  test("has one effect, also when it took the last of the grant and the lease has ended since", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 1 } });
    const task = { agent_type: "implementation", task_description: "X.", lease };
    const again = { ...WORKER, operation_id: "op-1" };
    const first = await project.ok(createTask, task, again);
    expect(await project.ok(createTask, task, again)).toEqual(first);
    await project.bury(lease);
    expect(await project.ok(createTask, task, again)).toEqual(first);
    expect((await project.run("r1")).tasks).toBe(2);
  });

  test("with its key by the next attempt finds the children of the one before", async () => {
    const project = newProject();
    const lease = await parent(project, { retry: { initial_seconds: 0 } });
    const task = { agent_type: "implementation", task_description: "X.", idempotency_key: "once" };
    const first = await project.ok(createTask, { ...task, lease }, WORKER);
    await project.fail(lease);
    project.advance(1);
    const next = (await project.claim("ada", { agent_type: "planning" })).lease;
    expect(await project.ok(createTask, { ...task, lease: next }, WORKER)).toEqual(first);
  });
});

test("creating renews the lease, and takes the task again where it had run out", async () => {
  const project = newProject();
  const lease = await parent(project, { lease_seconds: 60 });
  project.advance(40);
  await child(project, lease);
  expect((await project.record("r1t1")).lease?.until_ms).toBe(project.now() + 60_000);
  project.advance(61);
  await project.poll("bob");
  expect((await project.record("r1t1")).status).toBe("ready");
  await child(project, lease);
  expect(await project.record("r1t1")).toMatchObject({ status: "running", delegated: 2 });
  expect(await project.audit()).toEqual([]);
});
