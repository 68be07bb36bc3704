/** A parent that fails or is cancelled takes along what is open below it; retrying either side afterwards is possible. */
import { describe, expect, test } from "vitest";
import { audit } from "../../../src/operations/audit.ts";
import { getTaskStatus } from "../../../src/operations/get-task-status.ts";
import { heartbeat } from "../../../src/operations/heartbeat.ts";
import { submitResult } from "../../../src/operations/submit-result.ts";
import { tick } from "../../../src/operations/tick.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { child, children, parent, planningTask, statusOf, wait } from "./support.ts";

const newProject = useProjects();

/** r1t1 (planning) waits for r1t2 (bob), and that for r1t3 (cyd), who works. Returns cyd's lease. */
async function threeLevels(project: Project, options?: object): Promise<string> {
  const lease = await parent(project, { ...options });
  await child(project, lease);
  await wait(project, lease);
  const inner = (await project.claim("bob")).lease;
  await child(project, inner);
  await wait(project, inner);
  return (await project.claim("cyd")).lease;
}

describe("all below it is cancelled", () => {
  test("with a parent that is cancelled: a grandchild that runs hears it with its next call", async () => {
    const project = newProject();
    const lease = await threeLevels(project);
    expect(await project.control("cancel", { task_ids: ["r1t1"] })).toEqual({ changed: ["r1t1"] });
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({
      reason: "cancelled",
      message: expect.stringMatching("r1t3 was cancelled: stop"),
    });
    expect(await statusOf(project, "r1t2")).toBe("cancelled");
    expect((await project.run("r1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });

  test("with a parent whose deadline passes while it waits", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 60_000).toISOString();
    const lease = await threeLevels(project, { deadline });
    project.advance(61);
    expect(await statusOf(project, "r1t1")).toBe("failed");
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "cancelled" });
    expect(await project.record("r1t1")).not.toHaveProperty("suspended_for");
    expect((await project.run("r1")).status).toBe("failed");
    expect(await project.audit()).toEqual([]);
  });

  test("with a parent that becomes a dead letter", async () => {
    const project = newProject();
    const lease = await parent(project);
    await children(project, lease, 2);
    const { lease: held } = await project.claim("bob");
    await project.bury(lease);
    expect(await project.refusal(heartbeat, { lease: held })).toMatchObject({
      reason: "cancelled",
    });
    expect(await statusOf(project, "r1t3")).toBe("cancelled");
    expect(await project.audit()).toEqual([]);
  });

  test("once each, whether named as well or not", async () => {
    const project = newProject();
    await threeLevels(project);
    const task_ids = ["r1t1", "r1t2", "r1t3"];
    expect(await project.control("cancel", { task_ids })).toEqual({ changed: task_ids });
    expect(await project.control("cancel", { task_ids: ["r1t2"] })).toMatchObject({
      refused: [{ task_id: "r1t2", reason: "it is cancelled already" }],
    });
  });

  test("in batches, if it is much, which nobody need call for", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 150 } });
    await children(project, lease, 150);
    await project.control("cancel", { task_ids: ["r1t1"] });
    expect((await project.run("r1")).open).toBeGreaterThan(0);
    expect(await project.audit()).toEqual([]);
    await tick(project.store);
    expect(await project.run("r1")).toMatchObject({ open: 0, counts: { cancelled: 151 } });
    expect(await project.audit()).toEqual([]);
  });
});

test("an attempt that fails leaves its children to the next one", async () => {
  const project = newProject();
  const lease = await parent(project, { retry: { initial_seconds: 0 } });
  await children(project, lease, 2);
  await project.complete((await project.claim("bob")).lease, "first");
  await project.fail(lease, { message: "Lost the plan." });
  project.advance(1);
  const again = await planningTask(project, "eve");
  expect(again).toMatchObject({
    previous_errors: [expect.stringMatching("Lost the plan.")],
    children: [
      { task_id: "r1t2", result: "first" },
      { task_id: "r1t3", status: "ready" },
    ],
  });
  await wait(project, again.lease);
  await project.complete((await project.claim("bob")).lease, "second");
  expect((await planningTask(project, "eve")).children).toMatchObject([
    { result: "first" },
    { result: "second" },
  ]);
});

describe("a retry", () => {
  test("of a dead parent shows the children that were cancelled, and it may have new ones", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 3 } });
    await children(project, lease, 2);
    await project.bury(lease);
    await project.control("retry", { task_ids: ["r1t1"] });
    const again = await planningTask(project, "ada");
    expect(again.children).toMatchObject([{ status: "cancelled" }, { status: "cancelled" }]);
    await child(project, again.lease);
    expect((await project.record("r1t1")).delegated).toBe(3);
    await wait(project, again.lease);
    await project.complete((await project.claim("bob")).lease, "new");
    expect((await planningTask(project, "ada")).children).toMatchObject([
      {},
      {},
      { result: "new" },
    ]);
    expect(await project.audit()).toEqual([]);
  });

  test("of a failed child counts again while its parent still waits", async () => {
    const project = newProject();
    const lease = await parent(project);
    await children(project, lease, 2);
    await wait(project, lease);
    await project.bury((await project.claim("bob")).lease);
    await project.control("retry", { task_ids: ["r1t2"] });
    await project.complete((await project.claim("bob")).lease, "a");
    expect(await statusOf(project, "r1t1")).toBe("suspended");
    await project.complete((await project.claim("bob")).lease, "b");
    expect((await planningTask(project, "ada")).children).toHaveLength(2);
    expect(await project.audit()).toEqual([]);
  });

  test("of a failed child counts while the parent, which has not waited yet, still works", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await project.bury((await project.claim("bob")).lease);
    await project.control("retry", { task_ids: ["r1t2"] });
    expect(await wait(project, lease)).toMatchObject({ status: "suspended" });
    await project.complete((await project.claim("bob")).lease, "a");
    expect((await planningTask(project, "ada")).children).toMatchObject([{ result: "a" }]);
  });

  test("of a child whose parent has gone on runs alone: nobody waits for it", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await wait(project, lease);
    await project.bury((await project.claim("bob")).lease);
    const again = await planningTask(project, "ada");
    await project.control("retry", { task_ids: ["r1t2"] });
    expect(await project.record("r1t2")).toMatchObject({ status: "ready", alone: true });
    const full = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
    expect(full["children"]).toMatchObject([{ task_id: "r1t2", status: "ready", alone: true }]);
    expect(await project.complete(again.lease)).toMatchObject({ status: "completed" });
    await project.complete((await project.claim("bob")).lease);
    expect((await project.run("r1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });

  test("of a child that its parent has seen is waited for where the parent waits again", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await wait(project, lease);
    await project.bury((await project.claim("bob")).lease);
    const { lease: again } = await planningTask(project, "ada");
    await child(project, again);
    await wait(project, again);
    await project.control("retry", { task_ids: ["r1t2"] });
    expect(await project.record("r1t2")).not.toHaveProperty("alone");
    await project.complete((await project.claim("bob")).lease);
    expect(await statusOf(project, "r1t1")).toBe("suspended");
    await project.complete((await project.claim("bob")).lease);
    expect((await planningTask(project, "ada")).lease).toMatch(/^r1t1\.3\./);
    expect(await project.audit()).toEqual([]);
  });

  test("of a child whose parent has ended runs alone too", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await project.bury((await project.claim("bob")).lease);
    await project.complete(lease);
    await project.control("retry", { task_ids: ["r1t2"] });
    await project.complete((await project.claim("bob")).lease);
    expect(await project.record("r1t2")).toMatchObject({ status: "completed", alone: true });
    expect((await project.run("r1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });
});

test("a failed child does not fail the run: its parent answers for it", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  await wait(project, lease);
  await project.bury((await project.claim("bob")).lease);
  await project.complete((await planningTask(project, "ada")).lease, "did it myself");
  expect((await project.run("r1")).status).toBe("completed");
});

test("a late result of a parent with open children is not promoted", async () => {
  const project = newProject();
  const lease = await parent(project, { lease_seconds: 10 });
  await child(project, lease);
  project.advance(11);
  const next = await planningTask(project, "eve");
  await project.refusal(submitResult, { lease, status: "completed", result: "late" });
  const promote = { task_ids: ["r1t1"] };
  expect(await project.control("promote_late_result", promote)).toMatchObject({
    refused: [{ reason: "it has open children (1): let them end, or cancel them first" }],
  });
  await wait(project, next.lease);
  await project.control("cancel", { task_ids: ["r1t2"] });
  expect(await project.control("promote_late_result", promote)).toEqual({ changed: ["r1t1"] });
  expect(await project.audit()).toEqual([]);
});

test("what the records say of parents and children is mended", async () => {
  const project = newProject();
  const lease = await parent(project);
  await children(project, lease, 2);
  await wait(project, lease);
  const shard = `baton:{${project.name}}:shard:1`;
  const record = await project.record("r1t1");
  const wrong = { ...record, children: ["r1t2"], open_children: 5, delegated: 1 };
  await project.redis.call(["HSET", shard, "r1t1", JSON.stringify(wrong)]);
  expect(await project.audit()).not.toEqual([]);
  const { findings } = await project.ok(audit, {});
  expect(findings).toEqual([
    "r1t1 did not know of its child r1t3",
    "r1t1 counted 5 open children and 1 tasks below it; it has 2 and 2",
  ]);
  expect(await project.record("r1t1")).toMatchObject({ open_children: 2, delegated: 2 });
  expect(await project.audit()).toEqual([]);
  expect((await project.ok(audit, {})).findings).toEqual([]);
});
