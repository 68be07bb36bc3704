/** Time limits besides the lease: until the first claim, and of one attempt. */
import { describe, expect, test } from "vitest";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
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

describe("start_within_seconds", () => {
  test("fails a task that nobody claims in time, to the second", async () => {
    const project = newProject();
    const id = await project.task({ options: { start_within_seconds: 60 } });
    project.advance(59);
    await look(project);
    expect((await project.record(id)).status).toBe("ready");
    project.advance(1);
    await look(project);
    expect(await project.record(id)).toMatchObject({
      status: "failed",
      error_code: "start_timeout",
    });
    const { error } = await project.ok(getTaskStatus, { task_id: id });
    expect(error).toMatchObject({ category: "timeout", code: "start_timeout" });
  });

  test("does not hand out a task whose time is over, even if no sweep came before", async () => {
    const project = newProject();
    await project.task({ options: { start_within_seconds: 60 } });
    project.advance(60);
    expect(await project.poll("ada")).toEqual([]);
  });

  test("counts from when the task may first be claimed", async () => {
    const project = newProject();
    const first = await project.task();
    const options = { start_within_seconds: 60, start_at: after(project, 200) };
    const second = await project.task({ dependencies: [first], options });
    project.advance(100);
    await project.complete((await project.claim("ada")).lease);
    expect((await project.record(second)).status).toBe("scheduled");
    project.advance(100);
    await look(project);
    project.advance(59);
    await look(project);
    expect((await project.record(second)).status).toBe("ready");
    project.advance(1);
    await look(project);
    expect((await project.record(second)).status).toBe("failed");
  });

  test("means nothing any more once the task was claimed", async () => {
    const project = newProject();
    const id = await project.task({ options: { start_within_seconds: 60 } });
    const { lease } = await project.claim("ada");
    await project.ok(submitResult, { lease, status: "released" });
    project.advance(3_600);
    await look(project);
    expect((await project.record(id)).status).toBe("ready");
  });

  test("counts anew when the dead letter is retried", async () => {
    const project = newProject();
    const id = await project.task({ options: { start_within_seconds: 60 } });
    project.advance(60);
    await look(project);
    await project.control("retry", { task_ids: [id] });
    await look(project);
    expect((await project.record(id)).status).toBe("ready");
    project.advance(60);
    await look(project);
    expect((await project.record(id)).status).toBe("failed");
  });
});

describe("max_run_seconds", () => {
  const options = { max_run_seconds: 100, retry: { jitter: "none" } };

  test("ends an attempt however often it was renewed, and counts as its failure", async () => {
    const project = newProject();
    const id = await project.task({ options });
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    for (const seconds of [40, 40, 19]) {
      project.advance(seconds);
      await project.ok(heartbeat, { lease });
    }
    project.advance(1);
    await look(project);
    const { status, failures, attempts } = await project.record(id);
    expect({ status, failures }).toEqual({ status: "scheduled", failures: 1 });
    expect(attempts).toMatchObject([{ attempt: 1, outcome: "timed_out" }]);
    project.advance(10);
    expect((await project.claim("bob")).previous_errors).toEqual([
      expect.stringMatching(/^attempt 1 \(ada\): /),
    ]);
  });

  test("makes a dead letter with the code max_run when all attempts ran too long", async () => {
    const project = newProject();
    const id = await project.task({ options: { ...options, retry: { max_attempts: 2 } } });
    for (const agent of ["ada", "bob"]) {
      const { lease } = await project.claim(agent, { lease_seconds: 60 });
      project.advance(50);
      await project.ok(heartbeat, { lease });
      project.advance(50);
      await look(project);
      project.advance(600);
    }
    expect(await project.record(id)).toMatchObject({ status: "failed", error_code: "max_run" });
  });

  test("leaves a result acceptable until somebody else takes the task", async () => {
    const project = newProject();
    const id = await project.task({ options });
    const { lease } = await project.claim("ada");
    project.advance(105);
    await look(project);
    expect((await project.record(id)).status).toBe("scheduled");
    expect(await project.complete(lease, "late")).toMatchObject({ status: "completed" });
    expect(await project.record(id)).toMatchObject({
      status: "completed",
      attempts: [{ attempt: 1, outcome: "completed" }],
    });
    expect(await project.audit()).toEqual([]);
  });

  test("counts one failure where the worker says afterwards that it failed", async () => {
    const project = newProject();
    const id = await project.task({ options });
    const { lease } = await project.claim("ada");
    project.advance(105);
    await look(project);
    await project.fail(lease);
    expect(await project.record(id)).toMatchObject({ status: "scheduled", failures: 1 });
    expect(await project.audit()).toEqual([]);
  });

  test("lets the worker hand the task back afterwards, which uses up no attempt", async () => {
    const project = newProject();
    const id = await project.task({ options });
    const { lease } = await project.claim("ada");
    project.advance(105);
    await look(project);
    await project.ok(submitResult, { lease, status: "released" });
    expect(await project.record(id)).toMatchObject({ status: "ready", failures: 0 });
    expect(await project.audit()).toEqual([]);
  });
});
