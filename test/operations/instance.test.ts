/** One agent id, several processes: the newest speaks for the agent. */
import { describe, expect, test } from "vitest";
import { agentAlive } from "../../src/operations/agent-alive.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { useProjects } from "../support/project.ts";

const makeProject = useProjects();
const poll = { agent_id: "runner", wait_seconds: 0 };

async function takenOver() {
  const project = makeProject();
  const task_id = await project.task();
  const held = await project.claim("runner", { instance: "first" });
  const next = await project.claim("runner", { instance: "second" });
  return { project, task_id, held, next };
}

describe("a new instance", () => {
  test("ends what the one before it held, and gets it as a new attempt", async () => {
    const { project, task_id, next } = await takenOver();
    expect(next.lease).toContain(`${task_id}.2.`);
    expect(next.held).toBeUndefined();
    expect(next.previous_errors).toEqual([
      "attempt 1 (runner): its process was replaced by another one",
    ]);
    expect(await project.record(task_id)).toMatchObject({ status: "running", attempt: 2 });
  });

  test("gets again what it holds when its reply was lost", async () => {
    const { project, next } = await takenOver();
    expect(await project.claim("runner", { instance: "second" })).toMatchObject({
      lease: next.lease,
      held: true,
    });
  });

  test("leaves alone what was claimed without an instance", async () => {
    const project = makeProject();
    await project.task();
    const held = await project.claim("runner");
    expect(await project.claim("runner", { instance: "first" })).toMatchObject({
      lease: held.lease,
      held: true,
    });
  });

  test("of another agent changes nothing", async () => {
    const project = makeProject();
    await project.task();
    const held = await project.claim("runner", { instance: "first" });
    await project.poll("other", { instance: "second" });
    expect(await project.claim("runner", { instance: "first" })).toMatchObject({
      lease: held.lease,
    });
  });

  test("that finds its task dead three times without a sign of life makes it poison", async () => {
    const project = makeProject();
    const task_id = await project.task();
    for (const instance of ["1", "2", "3"]) await project.claim("runner", { instance });
    expect(await project.poll("runner", { instance: "4" })).toEqual([]);
    expect(await project.record(task_id)).toMatchObject({ status: "failed", error_code: "poison" });
    expect((await project.run("r1")).status).toBe("failed");
  });
});

describe("the old instance", () => {
  test("is refused whatever it polls for, and so it stays", async () => {
    const { project, next } = await takenOver();
    const refusal = await project.refusal(pollTasks, { ...poll, instance: "first" });
    expect(refusal).toMatchObject({
      reason: "instance_replaced",
      message: expect.stringContaining("run under an agent_id of your own"),
    });
    await project.refusal(agentAlive, { agent_id: "runner", instance: "first" });
    expect(await project.claim("runner", { instance: "second" })).toMatchObject({
      lease: next.lease,
    });
  });

  test("is remembered through five more", async () => {
    const project = makeProject();
    for (const instance of ["1", "2", "3", "4", "5", "6"])
      await project.poll("runner", { instance });
    expect((await project.refusal(pollTasks, { ...poll, instance: "1" })).reason).toBe(
      "instance_replaced",
    );
  });

  test("cannot take its lease again, nor write under it", async () => {
    const project = makeProject();
    const task_id = await project.task();
    const { lease } = await project.claim("runner", { instance: "first" });
    await project.poll("runner", { instance: "second", max_tasks: 0 });
    expect(await project.record(task_id)).toMatchObject({ status: "ready", attempt: 1 });
    const reasons = [
      await project.refusal(heartbeat, { lease }),
      await project.refusal(setSharedState, { key: "k", value: 1, lease }),
      await project.refusal(submitResult, { lease, status: "released" }),
      await project.refusal(submitResult, { lease, status: "failed", error: { message: "x" } }),
    ].map(({ reason }) => reason);
    expect(reasons).toEqual(Array.from({ length: 4 }, () => "instance_replaced"));
    expect(await project.record(task_id)).toMatchObject({ status: "ready", attempt: 1 });
  });

  test("finished its work for nothing, but it is kept", async () => {
    const { project, task_id, held } = await takenOver();
    const refusal = await project.refusal(submitResult, {
      lease: held.lease,
      status: "completed",
      result: { done: true },
    });
    expect(refusal).toMatchObject({
      reason: "instance_replaced",
      message: expect.stringContaining("Your result was kept."),
    });
    expect((await project.record(task_id)).late_results).toEqual([1]);
  });
});

describe("agent_alive", () => {
  test("renews all that the agent holds, and hands out nothing", async () => {
    const project = makeProject();
    const ids = [await project.task(), await project.task(), await project.task()];
    await project.poll("runner", { max_tasks: 2, lease_seconds: 60 });
    project.advance(50);
    expect(await project.ok(agentAlive, { agent_id: "runner" })).toEqual({
      agent_id: "runner",
      tasks: ids.slice(0, 2).map((task_id) => ({ task_id, lease_seconds: 60 })),
    });
    project.advance(50);
    expect(await project.poll("other")).toHaveLength(1);
  });

  test("never renews past max_run_seconds, and ends what ran as long as it may", async () => {
    const project = makeProject();
    const options = { max_run_seconds: 90, retry: { max_attempts: 1 } };
    const task_id = await project.task({ options });
    await project.claim("runner", { lease_seconds: 60 });
    project.advance(50);
    expect(await project.ok(agentAlive, { agent_id: "runner" })).toMatchObject({
      tasks: [{ lease_seconds: 40 }],
    });
    project.advance(40);
    expect(await project.ok(agentAlive, { agent_id: "runner" })).toEqual({
      agent_id: "runner",
      notices: ["r1t1 went on without you (it is failed): stop working on it."],
    });
    expect(await project.record(task_id)).toMatchObject({
      status: "failed",
      error_code: "max_run",
    });
  });

  test("keeps an agent that holds nothing in sight", async () => {
    const project = makeProject();
    await project.poll("runner");
    expect(await project.ok(agentAlive, { agent_id: "runner" })).toEqual({ agent_id: "runner" });
  });

  test("says that it knows no such agent", async () => {
    const refusal = await makeProject().refusal(agentAlive, { agent_id: "nobody" });
    expect(refusal).toMatchObject({ reason: "not_found" });
  });
});
