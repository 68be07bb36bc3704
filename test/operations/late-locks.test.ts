/** A lease that ran out may go on only while no lock of it was granted to somebody else. */
import { describe, expect, test } from "vitest";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Slots = Readonly<Record<string, string | string[]>>;

/** Ada's lease on a task with that lock and key runs out; the task itself is not claimed again. Returns the lease. */
async function lapsed(project: Project, options: Slots): Promise<string> {
  await project.task({ agent_type: "testing", options });
  const { lease } = await project.claim("ada", { agent_type: "testing", lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "planning" });
  expect((await project.record("r1t1")).status).toBe("ready");
  expect(await project.audit()).toEqual([]);
  return lease;
}

/** Bob has a task with these, and is done with it if so asked. */
async function bobHas(project: Project, options: Slots, done = false) {
  await project.task({ options });
  const { lease } = await project.claim("bob");
  if (done) await project.complete(lease);
}

const LOCKS = { locks: ["src/a", "docs"] };

describe("while nothing that overlaps was granted", () => {
  test("a late result is accepted, and leaves nothing behind", async () => {
    const project = newProject();
    const lease = await lapsed(project, LOCKS);
    await bobHas(project, { locks: ["src/b"] });
    expect(await project.complete(lease)).toMatchObject({ status: "completed" });
    expect(await project.audit()).toEqual([]);
    await project.control("cancel", { run_id: "r2" });
    expect((await project.dump()).hashes["locks"]).toBeUndefined();
  });

  test("a late heartbeat takes locks and lease again", async () => {
    const project = newProject();
    const lease = await lapsed(project, LOCKS);
    await project.ok(heartbeat, { lease });
    await project.task({ options: { locks: ["src/"] } });
    expect(await project.poll("bob")).toEqual([]);
    expect(await project.audit()).toEqual([]);
    await project.complete(lease);
    expect(await project.poll("bob")).toHaveLength(1);
  });
});

describe.each([
  ["is held", false],
  ["was held, and is free again", true],
])("where an overlapping lock %s", (_, done) => {
  test.each([["src/a"], ["src/"]])("of %s, a late result is kept beside the task", async (lock) => {
    const project = newProject();
    const lease = await lapsed(project, LOCKS);
    await bobHas(project, { locks: [lock] }, done);
    const refusal = await project.refusal(submitResult, { lease, status: "completed", result: 1 });
    expect(refusal).toMatchObject({ reason: "lease_lost", task_status: "ready" });
    expect(refusal.message).toMatch("Your result was kept");
    expect(await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" })).toMatchObject({
      status: "ready",
      late_results: [expect.objectContaining({ result: 1 })],
    });
    expect(await project.audit()).toEqual([]);
  });

  test("a late heartbeat is refused", async () => {
    const project = newProject();
    const lease = await lapsed(project, LOCKS);
    await bobHas(project, { locks: ["docs/"] }, done);
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_lost" });
    expect(await project.audit()).toEqual([]);
  });
});

describe("where its concurrency key is full by now", () => {
  test("a late result needs no slot, and is accepted", async () => {
    const project = newProject();
    const lease = await lapsed(project, { concurrency_key: "deploy" });
    await bobHas(project, { concurrency_key: "deploy" });
    expect(await project.complete(lease)).toMatchObject({ status: "completed" });
    expect(await project.audit()).toEqual([]);
  });

  test("a late heartbeat is refused, and says that the result is still wanted", async () => {
    const project = newProject();
    const lease = await lapsed(project, { concurrency_key: "deploy" });
    await bobHas(project, { concurrency_key: "deploy" });
    const refusal = await project.refusal(heartbeat, { lease });
    expect(refusal.reason).toBe("lease_ended");
    expect(refusal.message).toMatch("submit what you have");
  });

  test("it takes a slot again that was given back", async () => {
    const project = newProject();
    const lease = await lapsed(project, { concurrency_key: "deploy" });
    await bobHas(project, { concurrency_key: "deploy" }, true);
    await project.ok(heartbeat, { lease });
    await project.task({ options: { concurrency_key: "deploy" } });
    expect(await project.poll("bob")).toEqual([]);
    expect(await project.audit()).toEqual([]);
  });
});
