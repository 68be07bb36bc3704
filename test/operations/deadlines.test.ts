/** The deadline of a whole task, whatever it is doing then. */
import { expect, test } from "vitest";
import { createTask } from "../../src/operations/create-task.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Any call sees to what is due. */
async function look(project: Project): Promise<void> {
  await project.poll("idle", { agent_type: "testing" });
  expect(await project.audit()).toEqual([]);
}

function after(project: Project, seconds: number): string {
  return new Date(project.now() + seconds * 1000).toISOString();
}

const waiting: Record<string, (project: Project) => Promise<string>> = {
  blocked: async (project) => {
    const first = await project.task({ agent_type: "planning" });
    return project.task({ dependencies: [first], options: { deadline: after(project, 60) } });
  },
  scheduled: (project) =>
    project.task({ options: { deadline: after(project, 60), start_at: after(project, 90) } }),
  "scheduled for a retry": async (project) => {
    const retry = { initial_seconds: 50, jitter: "none" };
    const id = await project.task({ options: { deadline: after(project, 60), retry } });
    await project.fail((await project.claim("ada")).lease);
    return id;
  },
  ready: (project) => project.task({ options: { deadline: after(project, 60) } }),
  running: async (project) => {
    const id = await project.task({ options: { deadline: after(project, 60) } });
    await project.claim("ada");
    return id;
  },
};

test.each(Object.keys(waiting))(
  "a deadline ends a task that is %s, and skips what waits for it",
  async (name) => {
    const project = newProject();
    const id = (await waiting[name]?.(project)) ?? "";
    const dependent = await project.task({ dependencies: [id] });
    project.advance(59);
    await look(project);
    expect((await project.record(id)).ended_at).toBeUndefined();
    project.advance(1);
    await look(project);
    expect(await project.record(id)).toMatchObject({
      status: "failed",
      error_code: "deadline",
      ended_at: project.now(),
    });
    expect(await project.record(dependent)).toMatchObject({
      status: "skipped",
      skipped_because: id,
    });
  },
);

test("a deadline that passed already ends the task with the call that makes it", async () => {
  const project = newProject();
  const id = await project.task({ options: { deadline: after(project, -1) } });
  expect(await project.record(id)).toMatchObject({ status: "failed", error_code: "deadline" });
  expect(await project.audit()).toEqual([]);
});

test("a deadline is not overrun by a renewal, by a claim or by a sweep that comes late", async () => {
  const project = newProject();
  await project.task({ options: { deadline: after(project, 60) } });
  const held = await project.task({ priority: 0, options: { deadline: after(project, 60) } });
  expect((await project.claim("ada")).lease).toMatch(held);
  project.advance(60);
  expect(await project.poll("ada", { max_tasks: 2 })).toEqual([]);
  expect(await project.audit()).toEqual([]);
});

test("a deadline tells the worker that goes on, and keeps its result for promotion", async () => {
  const project = newProject();
  const id = await project.task({ options: { deadline: after(project, 60) } });
  const { lease } = await project.claim("ada");
  project.advance(60);
  await look(project);
  expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_lost" });
  const refusal = await project.refusal(submitResult, { lease, status: "completed", result: 7 });
  expect(refusal).toMatchObject({ reason: "lease_lost", task_status: "failed" });
  expect(refusal.message).toMatch("Your result was kept");
  await project.control("promote_late_result", { task_ids: [id] });
  expect(await project.ok(getTaskStatus, { task_id: id })).toMatchObject({
    status: "completed",
    result: 7,
  });
  expect(await project.audit()).toEqual([]);
});

test("a deadline means nothing any more for a task that has ended", async () => {
  const project = newProject();
  const id = await project.task({ options: { deadline: after(project, 60) } });
  await project.complete((await project.claim("ada")).lease);
  project.advance(61);
  await look(project);
  expect((await project.record(id)).status).toBe("completed");
});

test("a deadline that passed is dropped by a retry, and a new one counts", async () => {
  const project = newProject();
  const [first, second] = [
    await project.task({ options: { deadline: after(project, 60) } }),
    await project.task({ options: { deadline: after(project, 60) } }),
  ];
  project.advance(60);
  await look(project);
  await project.control("retry", { task_ids: [first] });
  const changes = { options: { deadline: after(project, 30) } };
  await project.control("retry", { task_ids: [second], changes });
  project.advance(30);
  await look(project);
  expect((await project.record(first)).status).toBe("ready");
  expect((await project.record(second)).status).toBe("failed");
});

test.each(["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z"])(
  "a deadline of %s hides no timer of others from the watchdog",
  async (deadline) => {
    const project = newProject();
    const id = await project.task({ options: { start_at: after(project, 60) } });
    const task = { agent_type: "implementation", task_description: "Do it." };
    await project.call(createTask, { ...task, options: { deadline } });
    project.advance(60);
    await tick(project.store, { resend: true });
    expect((await project.record(id)).status).toBe("ready");
    expect(await project.audit()).toEqual([]);
  },
);
