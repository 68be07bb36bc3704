/** Cancelling tasks and runs: what waits ends now, and what runs is over for everybody else at once. */
import { describe, expect, test } from "vitest";
import { controlTask } from "../../src/operations/control-task.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const WAITING: Record<string, (project: Project) => Promise<string>> = {
  blocked: async (project) => {
    await project.graph({ a: [], b: ["a"] });
    return "r1t2";
  },
  scheduled: (project) =>
    project.task({ options: { start_at: new Date(project.now() + 60_000).toISOString() } }),
  ready: (project) => project.task(),
  running: async (project) => {
    const id = await project.task();
    await project.claim("ada");
    return id;
  },
};

test.each(Object.keys(WAITING))(
  "a task that is %s ends now, and skips what waits for it",
  async (status) => {
    const project = newProject();
    const id = (await WAITING[status]?.(project)) ?? "";
    expect((await project.record(id)).status).toBe(status);
    const dependent = await project.task({ dependencies: [id] });
    expect(await project.control("cancel", { task_ids: [id] })).toEqual({ changed: [id] });
    expect(await project.record(id)).toMatchObject({
      status: "cancelled",
      ended_at: project.now(),
    });
    expect(await project.record(dependent)).toMatchObject({
      status: "skipped",
      skipped_because: id,
    });
    project.advance(120);
    const others = await project.poll("bob", { max_tasks: 5 });
    expect(others.map(({ lease }) => lease.split(".")[0])).not.toContain(id);
    expect(await project.audit()).toEqual([]);
  },
);

describe("a task that runs", () => {
  test("is over for its worker, who is told to stop by every call", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    await project.control("cancel", { task_ids: ["r1t1"] });
    const refusals = [
      await project.refusal(heartbeat, { lease }),
      await project.refusal(getSharedState, { prefix: "", lease }),
      await project.refusal(submitResult, { lease, status: "failed", error: { message: "No." } }),
      await project.refusal(submitResult, { lease, status: "released" }),
    ];
    for (const { reason, message } of refusals) {
      expect(reason).toBe("cancelled");
      expect(message).toMatch("stop");
    }
    expect(await project.poll("ada")).toEqual([]);
    expect(await project.audit()).toEqual([]);
  });

  test("keeps a result that comes nevertheless", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    await project.control("cancel", { task_ids: ["r1t1"] });
    const submit = { lease, status: "completed", result: "all done" } as const;
    const refusal = await project.refusal(submitResult, submit);
    expect(refusal.reason).toBe("cancelled");
    expect(refusal.message).toMatch("Your result was kept");
    expect(await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" })).toMatchObject({
      status: "cancelled",
      late_results: [{ attempt: 1, agent_id: "ada", result: "all done" }],
    });
    expect(await project.audit()).toEqual([]);
  });

  test("ends one way or the other when cancel and submit meet, and the result is never lost", async () => {
    for (let turn = 0; turn < 10; turn++) {
      const project = newProject();
      await project.task();
      const { lease } = await project.claim("ada");
      const submit = { lease, status: "completed", result: "done" } as const;
      const [cancelled, submitted] = await Promise.all([
        project.ok(controlTask, { action: "cancel", task_ids: ["r1t1"] }),
        project.call(submitResult, submit),
      ]);
      const record = await project.record("r1t1");
      expect(record.status).toBe(submitted.ok ? "completed" : "cancelled");
      expect(cancelled.changed).toEqual(submitted.ok ? [] : ["r1t1"]);
      expect(record.late_results).toEqual(submitted.ok ? undefined : [1]);
      expect(await project.audit()).toEqual([]);
    }
  });
});

test("what has ended is not cancelled any more", async () => {
  const project = newProject();
  await project.task();
  await project.complete((await project.claim("ada")).lease);
  const before = await project.dump();
  expect(await project.control("cancel", { task_ids: ["r1t1"] })).toEqual({
    changed: [],
    refused: [{ task_id: "r1t1", reason: "it is completed already" }],
  });
  expect(await project.dump()).toEqual(before);
});

test("a late lease of a cancelled task takes nothing back", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("idle", { agent_type: "testing" });
  await project.control("cancel", { task_ids: ["r1t1"] });
  expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "cancelled" });
  expect((await project.record("r1t1")).status).toBe("cancelled");
});

describe("a run", () => {
  test("ends as cancelled with all that was open in it, and keeps what was done", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"], c: [], d: ["c"], e: ["a", "c"] });
    await project.complete((await project.claim("ada")).lease, "kept");
    await project.claim("bob");
    const { changed } = await project.control("cancel", { run_id: "r1" });
    expect(new Set(changed)).toEqual(new Set(["r1t2", "r1t3", "r1t4", "r1t5"]));
    expect(await project.run("r1")).toMatchObject({ status: "cancelled", open: 0 });
    const ids = ["r1t1", "r1t2", "r1t3", "r1t4", "r1t5"];
    const statuses = await Promise.all(ids.map(async (id) => (await project.record(id)).status));
    expect(statuses).toEqual(["completed", "cancelled", "cancelled", "cancelled", "cancelled"]);
    expect(await project.audit()).toEqual([]);
  });

  test("that has ended stays as it ended", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    const before = await project.dump();
    expect(await project.control("cancel", { run_id: "r1" })).toEqual({ changed: [] });
    expect(await project.dump()).toEqual(before);
  });

  test("that was cancelled is reopened by new work, and then ends by what becomes of that", async () => {
    const project = newProject();
    await project.task();
    await project.control("cancel", { run_id: "r1" });
    await project.task({ run_id: "r1" });
    expect(await project.run("r1")).toMatchObject({ status: "active", open: 1 });
    await project.complete((await project.claim("ada")).lease);
    expect(await project.run("r1")).toMatchObject({ status: "completed" });
    expect(await project.audit()).toEqual([]);
  });

  test("that does not exist is not_found", async () => {
    const project = newProject();
    await project.task();
    for (const run_id of ["r9", "r1t1"]) {
      const refusal = await project.refusal(controlTask, { action: "cancel", run_id });
      expect(refusal.reason).toBe("not_found");
    }
  });
});
