/** A parent that waits: it gives its lease back, and comes back once, with the results of all its children. */
import { describe, expect, test } from "vitest";
import { getTaskStatus } from "../../../src/operations/get-task-status.ts";
import { heartbeat } from "../../../src/operations/heartbeat.ts";
import { listTasks } from "../../../src/operations/list-tasks.ts";
import { submitResult } from "../../../src/operations/submit-result.ts";
import { useProjects } from "../../support/project.ts";
import { child, children, parent, planningTask, statusOf, wait } from "./support.ts";

const newProject = useProjects();

test("wakes once with all results, whatever became of the children", async () => {
  const project = newProject();
  const lease = await parent(project);
  await children(project, lease, 3);
  await child(project, lease, { dependencies: ["r1t3"], agent_type: "testing" });
  expect(await wait(project, lease)).toMatchObject({ task_id: "r1t1", status: "suspended" });
  expect(await project.poll("ada", { agent_type: "planning" })).toEqual([]);
  await project.complete((await project.claim("bob")).lease, { part: 1 });
  await project.bury((await project.claim("bob")).lease);
  expect(await statusOf(project, "r1t1")).toBe("suspended");
  expect(await statusOf(project, "r1t5")).toBe("skipped");
  await project.control("cancel", { task_ids: ["r1t4"] });
  const again = await planningTask(project, "ada");
  expect(again.lease).toMatch(/^r1t1\.2\./);
  expect(again.children).toEqual([
    { task_id: "r1t2", title: "Do part 0.", status: "completed", result: { part: 1 } },
    { task_id: "r1t3", title: "Do part 1.", status: "failed", error: "It broke." },
    { task_id: "r1t4", title: "Do part 2.", status: "cancelled" },
    { task_id: "r1t5", title: "Do it.", status: "skipped" },
  ]);
  expect(again).not.toHaveProperty("previous_errors");
  expect(await project.poll("eve", { agent_type: "planning" })).toEqual([]);
  await project.complete(again.lease, "all of it");
  expect((await project.run("r1")).status).toBe("completed");
  expect(await project.audit()).toEqual([]);
});

test("says which children it waits for", async () => {
  const project = newProject();
  const lease = await parent(project);
  await children(project, lease, 3);
  await wait(project, lease);
  await project.complete((await project.claim("bob")).lease);
  const said = { status: "suspended", waits_for: "children", open_children: "r1t3, r1t4" };
  expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject(said);
  expect(await project.ok(getTaskStatus, { task_id: "r1t1", detail: "why" })).toMatchObject({
    ...said,
    why: expect.stringMatching(
      /^Suspended: its worker waits for its children \(r1t3, r1t4\)\. r1t3/,
    ),
    root: "r1t3",
  });
  const run = await project.ok(getTaskStatus, { run_id: "r1" });
  expect(run["tasks"]).toMatchObject([said, {}, {}, {}]);
  expect((await project.ok(listTasks, { status: "suspended" })).tasks).toMatchObject([said]);
  const full = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
  expect(full).toMatchObject({
    delegated: 3,
    children: [
      { task_id: "r1t2", title: "Do part 0.", status: "completed" },
      { task_id: "r1t3", status: "ready" },
      { task_id: "r1t4", status: "ready" },
    ],
  });
  const below = await project.ok(getTaskStatus, { task_id: "r1t2", detail: "full" });
  expect(below).toMatchObject({ parent: "r1t1", delegation: { max_depth: 1 } });
});

test("is no question: an answer is refused, and it waits on", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  await wait(project, lease);
  expect(await project.control("answer", { task_ids: ["r1t1"], text: "Go on." })).toEqual({
    changed: [],
    refused: [{ task_id: "r1t1", reason: "it has no open question; it is suspended" }],
  });
  expect(await statusOf(project, "r1t1")).toBe("suspended");
});

test("goes to the same agent first, and after a minute to anyone", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  await wait(project, lease);
  await project.complete((await project.claim("bob")).lease);
  project.advance(59);
  expect(await project.poll("eve", { agent_type: "planning" })).toEqual([]);
  project.advance(1);
  expect((await planningTask(project, "eve")).children).toHaveLength(1);
});

test("is ready again at once where its children have ended already", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  await project.complete((await project.claim("bob")).lease, "done");
  expect(await wait(project, lease)).toMatchObject({ status: "ready" });
  expect((await planningTask(project, "ada")).children).toMatchObject([{ result: "done" }]);
  expect(await project.audit()).toEqual([]);
});

test("uses nothing of its retry budget, however often it waits", async () => {
  const project = newProject();
  let lease = await parent(project, { retry: { max_attempts: 1 } });
  for (let round = 1; round <= 3; round++) {
    await child(project, lease);
    await wait(project, lease);
    await project.complete((await project.claim("bob")).lease, { round });
    ({ lease } = await planningTask(project, "ada"));
  }
  expect(lease).toMatch(/^r1t1\.4\./);
  expect(await project.record("r1t1")).not.toHaveProperty("failures");
  await project.complete(lease);
  expect((await project.run("r1")).status).toBe("completed");
});

test("keeps what it said when it gave the task back", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  const submit = { lease, status: "waiting", result: { plan: "merge them" } } as const;
  const first = await project.ok(submitResult, submit);
  await project.complete((await project.claim("bob")).lease);
  expect((await planningTask(project, "ada")).notes).toEqual({ plan: "merge them" });
  // The same submit again: the first outcome.
  expect(await project.ok(submitResult, submit)).toEqual(first);
  expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_ended" });
});

describe("is refused", () => {
  test("to a task that has delegated nothing, which its worker still holds", async () => {
    const project = newProject();
    const lease = await parent(project, { lease_seconds: 60 });
    project.advance(30);
    expect(await project.refusal(submitResult, { lease, status: "waiting" })).toMatchObject({
      reason: "no_children",
      message:
        "waiting needs a child task: create one with this lease, or use needs_input. You still hold the task.",
    });
    expect(await project.ok(heartbeat, { lease })).toMatchObject({ lease_seconds: 60 });
  });

  test("as completion, while children are open: they are named, and the worker still holds it", async () => {
    const project = newProject();
    const lease = await parent(project);
    await children(project, lease, 2);
    await project.complete((await project.claim("bob")).lease);
    const refusal = await project.refusal(submitResult, { lease, status: "completed" });
    expect(refusal).toMatchObject({
      reason: "children_open",
      message: expect.stringMatching(
        /has open children: r1t3\. You still hold the task\. Submit waiting/,
      ),
      children: ["r1t3"],
    });
    expect((await project.record("r1t1")).status).toBe("running");
    await project.control("cancel", { task_ids: ["r1t3"] });
    expect(await project.complete(lease)).toMatchObject({ status: "completed" });
    expect(await project.audit()).toEqual([]);
  });
});

describe("after its lease ran out", () => {
  test("it may still wait, while nobody else has the task", async () => {
    const project = newProject();
    const lease = await parent(project, { lease_seconds: 10 });
    await child(project, lease);
    project.advance(11);
    await project.poll("bob", { agent_type: "other" });
    expect(await statusOf(project, "r1t1")).toBe("ready");
    expect(await wait(project, lease)).toMatchObject({ status: "suspended" });
    expect(await project.audit()).toEqual([]);
  });

  test("the next attempt sees its children, and may wait for them too", async () => {
    const project = newProject();
    const lease = await parent(project, { lease_seconds: 10 });
    await children(project, lease, 2);
    project.advance(11);
    const next = await planningTask(project, "eve");
    expect(next.children).toMatchObject([
      { task_id: "r1t2", status: "ready" },
      { task_id: "r1t3", status: "ready" },
    ]);
    expect(await project.refusal(submitResult, { lease, status: "waiting" })).toMatchObject({
      reason: "lease_lost",
    });
    expect(await wait(project, next.lease)).toMatchObject({ status: "suspended" });
    for (const part of [1, 2]) await project.complete((await project.claim("bob")).lease, part);
    expect((await planningTask(project, "eve")).children).toMatchObject([
      { result: 1 },
      { result: 2 },
    ]);
  });
});

test("results that do not fit go by pointer", async () => {
  const project = newProject();
  const lease = await parent(project, { delegation: { max_tasks: 40 } });
  await children(project, lease, 40);
  await wait(project, lease);
  for (const { lease: one } of [
    ...(await project.poll("b1", { max_tasks: 10 })),
    ...(await project.poll("b2", { max_tasks: 10 })),
    ...(await project.poll("b3", { max_tasks: 10 })),
    ...(await project.poll("b4", { max_tasks: 10 })),
  ]) {
    await project.complete(one, "x".repeat(one.startsWith("r1t2.") ? 5_000 : 1_000));
  }
  const { children: shown = [] } = await planningTask(project, "ada");
  expect(shown).toHaveLength(40);
  expect(shown[0]).toMatchObject({ see: 'get_task_status {task_id: "r1t2", detail: "full"}' });
  expect(shown[1]).toHaveProperty("result");
  expect(shown[39]).toHaveProperty("see");
  expect(JSON.stringify(shown).length).toBeLessThan(20_000);
});

test("leaves its locks to its children, and takes them again when it goes on", async () => {
  const project = newProject();
  const lease = await parent(project, { locks: ["src/"] });
  await child(project, lease, { options: { locks: ["src/a"] } });
  expect(await project.poll("bob")).toEqual([]);
  await wait(project, lease);
  const { lease: inner } = await project.claim("bob");
  await project.complete(inner, "done");
  expect((await planningTask(project, "ada")).children).toMatchObject([{ result: "done" }]);
  await project.task({ options: { locks: ["src/b"] } });
  expect(await project.poll("bob")).toEqual([]);
  expect(await project.audit()).toEqual([]);
});
