/** A run of any size is cancelled by one call: at once for everybody, and in bounded steps that follow by themselves. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const FIRST = LIMITS.control_tasks;

/** So many tasks in one run, the first ones held by agents. Returns their leases. */
async function bigRun(project: Project, count: number, held: number): Promise<string[]> {
  const tasks = Array.from({ length: count }, (_, index) => ({
    key: `k${index}`,
    task_description: `Do ${index}.`,
    priority: index < held ? 0 : 5,
  }));
  await project.ok(createWorkflow, { name: "Big", agent_type: "implementation", tasks });
  // What was staged takes its places.
  while ((await project.run("r1")).activated !== undefined)
    await project.store.tick({ limit: 100 });
  const leases: string[] = [];
  while (leases.length < held) {
    leases.push((await project.claim(`worker-${leases.length}`)).lease);
  }
  return leases;
}

async function open(project: Project): Promise<number> {
  expect(await project.audit()).toEqual([]);
  return (await project.run("r1")).open;
}

test("one call ends a first batch, and says that the rest follows", async () => {
  const project = newProject();
  await bigRun(project, FIRST + 130, 0);
  const { changed, more } = await project.control("cancel", { run_id: "r1" });
  expect(changed).toHaveLength(FIRST);
  expect(more).toMatch("by themselves");
  const left = await open(project);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(130);
  expect(await project.run("r1")).toMatchObject({ status: "active", cancelled: true });
});

test.each(["traffic", "ticks", "watchdog"] as const)("%s alone ends all of it", async (what) => {
  const project = newProject();
  await bigRun(project, FIRST + 330, 2);
  await project.control("cancel", { run_id: "r1" });
  for (let calls = 0; (await open(project)) > 0; calls++) {
    expect(calls).toBeLessThan(20);
    const before = await open(project);
    project.upstash.stats.reset();
    if (what === "traffic") await project.ok(getSharedState, { prefix: "none" });
    else if (what === "watchdog") await tick(project.store, { resend: true });
    else {
      const armed = project.ticks.at(-1);
      project.advance(Math.max(0, ((armed?.at ?? 0) - project.now()) / 1000));
      await tick(project.store, { generation: armed?.generation ?? 0 });
    }
    const { billed } = project.upstash.stats.snapshot();
    expect(billed).toBeLessThan(what === "traffic" ? 60 : 300);
    expect(await open(project)).toBeLessThan(before);
  }
  expect(await project.run("r1")).toMatchObject({ status: "cancelled", open: 0 });
});

test("nothing of it is handed out from the first moment on, and other runs go on", async () => {
  const project = newProject();
  await bigRun(project, FIRST + 100, 0);
  const other = await project.task({ priority: 9 });
  await project.control("cancel", { run_id: "r1" });
  const got = new Set<string>();
  for (let calls = 0; got.size === 0; calls++) {
    expect(calls).toBeLessThan(10);
    for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
      got.add(lease.split(".")[0] ?? "");
    }
  }
  expect([...got]).toEqual([other]);
});

test("whoever works on a task that was not reached yet hears it with any call", async () => {
  const project = newProject();
  const leases = await bigRun(project, FIRST + 120, 6);
  await project.control("cancel", { run_id: "r1" });
  expect((await project.record("r1t1")).status).toBe("running");
  const [lease = "", second = "", third = "", fourth = ""] = leases;
  expect((await project.refusal(heartbeat, { lease })).reason).toBe("cancelled");
  const read = await project.refusal(getSharedState, { key: "k", lease: second });
  expect(read.reason).toBe("cancelled");
  const failure = { lease: third, status: "failed", error: { message: "No." } } as const;
  expect((await project.refusal(submitResult, failure)).reason).toBe("cancelled");
  expect((await project.record("r1t3")).status).toBe("cancelled");
  const done = { lease: fourth, status: "completed", result: "all done" } as const;
  expect(await project.refusal(submitResult, done)).toMatchObject({ reason: "cancelled" });
  expect(await project.ok(getTaskStatus, { task_id: "r1t4", detail: "full" })).toMatchObject({
    status: "cancelled",
    late_results: [{ attempt: 1, result: "all done" }],
  });
  expect(await project.poll("worker-4")).toEqual([]);
  expect((await project.record("r1t5")).status).toBe("cancelled");
  expect(await project.audit()).toEqual([]);
});

test("nothing is added to it before it has ended, and nothing in it is retried", async () => {
  const project = newProject();
  const [lease = ""] = await bigRun(project, FIRST + 120, 1);
  await project.bury(lease);
  await project.control("cancel", { run_id: "r1" });
  const task = { agent_type: "implementation", task_description: "More.", run_id: "r1" };
  const before = await open(project);
  expect(before).toBeGreaterThan(0);
  const refusal = await project.refusal(createTask, task);
  expect(refusal.reason).toBe("cancelled");
  expect(refusal.message).toMatch("r1 is being cancelled");
  expect(await project.control("retry", { task_ids: ["r1t1"] })).toMatchObject({
    changed: [],
    refused: [{ task_id: "r1t1", reason: expect.stringMatching("being cancelled") }],
  });
  while ((await open(project)) > 0) await project.ok(getSharedState, { prefix: "none" });
  expect(await project.ok(createTask, task)).toMatchObject({ status: "ready" });
  expect(await project.run("r1")).toMatchObject({ status: "active", open: 1 });
  await project.control("retry", { task_ids: ["r1t1"] });
  expect(await open(project)).toBe(2);
});

test("dependents of another run are skipped once what they wait for was reached", async () => {
  const project = newProject();
  await bigRun(project, FIRST + 120, 0);
  const first = await project.task({ dependencies: ["r1t1"], run_id: "r2" }).catch(() => "");
  expect(first).toBe("");
  await project.graph({ a: ["r1t1"], b: [`r1t${FIRST + 100}`], c: ["a", "b"] });
  await project.control("cancel", { run_id: "r1" });
  while ((await open(project)) > 0) await project.ok(getSharedState, { prefix: "none" });
  for (let calls = 0; calls < 5; calls++) await project.ok(getSharedState, { prefix: "none" });
  const ids = ["r2t1", "r2t2", "r2t3"];
  const statuses = await Promise.all(ids.map(async (id) => (await project.record(id)).status));
  expect(statuses).toEqual(["skipped", "skipped", "skipped"]);
  expect(await project.audit()).toEqual([]);
});

test("a call that is sent again changes nothing more, and another one goes on", async () => {
  const project = newProject();
  await bigRun(project, 2 * FIRST + 120, 0);
  const input = { action: "cancel", run_id: "r1" } as const;
  const first = await project.ok(controlTask, input, { operation_id: "op" });
  const left = await open(project);
  expect(await project.ok(controlTask, input, { operation_id: "op" })).toEqual(first);
  expect(await open(project)).toBe(left);
  const second = await project.ok(controlTask, input);
  expect(second.changed.length).toBeGreaterThan(0);
  expect(new Set([...first.changed, ...second.changed]).size).toBe(
    first.changed.length + second.changed.length,
  );
});
