/** Who holds a task keeps it by calling: renewal by every call that carries the lease. */
import { describe, expect, test } from "vitest";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function until(project: Project, task_id = "r1t1"): Promise<number | undefined> {
  expect(await project.audit()).toEqual([]);
  return (await project.record(task_id)).lease?.until_ms;
}

const carrying: Record<string, (project: Project, lease: string) => Promise<unknown>> = {
  heartbeat: (project, lease) => project.ok(heartbeat, { lease }),
  "a write that is refused for its version": (project, lease) =>
    project.refusal(setSharedState, { key: "k", value: 1, if_version: 9, lease }),
  "heartbeat with progress": (project, lease) => project.ok(heartbeat, { lease, progress: 10 }),
  set_shared_state: (project, lease) =>
    project.ok(setSharedState, { key: "k", value: project.now(), lease }),
  "get_shared_state of a key": (project, lease) =>
    project.call(getSharedState, { key: "none", lease }),
  "get_shared_state of a prefix": (project, lease) =>
    project.ok(getSharedState, { prefix: "", lease }),
  "poll_tasks, which gives it again": (project) => project.claim("ada"),
};

describe.each(Object.keys(carrying))("%s", (name) => {
  test("renews the lease in full", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 100 });
    project.advance(70);
    await carrying[name]?.(project, lease);
    expect(await until(project)).toBe(project.now() + 100_000);
  });

  test("renews a lease whose time is over but which nobody swept", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 100 });
    project.advance(150);
    await carrying[name]?.(project, lease);
    expect(await until(project)).toBe(project.now() + 100_000);
    expect(await project.record("r1t1")).toMatchObject({ status: "running", attempt: 1 });
  });

  test("never goes past max_run_seconds", async () => {
    const project = newProject();
    await project.task({ options: { max_run_seconds: 120 } });
    const start = project.now();
    const { lease } = await project.claim("ada", { lease_seconds: 100 });
    project.advance(70);
    await carrying[name]?.(project, lease);
    expect(await until(project)).toBe(start + 120_000);
  });
});

test("a task's lease_seconds count more than the poll's, and both fall back to an hour", async () => {
  const project = newProject();
  await project.task({ options: { lease_seconds: 30 } });
  await project.task();
  await project.task();
  expect((await project.claim("ada", { lease_seconds: 90 })).lease_seconds).toBe(30);
  expect((await project.claim("bob", { lease_seconds: 90 })).lease_seconds).toBe(90);
  expect((await project.claim("eve")).lease_seconds).toBe(3_600);
});

test("a poll that asks for a shorter lease does not shorten the one that is held", async () => {
  const project = newProject();
  await project.task();
  await project.claim("ada", { lease_seconds: 600 });
  const before = await until(project);
  expect((await project.claim("ada", { lease_seconds: 5 })).lease_seconds).toBe(600);
  expect(await until(project)).toBe(before);
});

test("a clock that goes back does not shorten a lease", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 600 });
  const before = await until(project);
  project.advance(-100);
  await project.ok(heartbeat, { lease });
  expect(await until(project)).toBe(before);
});

test("a refused submit renews the lease, as every call with it does", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(50);
  const refusal = await project.refusal(submitResult, { lease, status: "failed" });
  expect(refusal).toMatchObject({ reason: "invalid" });
  expect(refusal.message).toMatch("You still hold the task");
  expect(await until(project)).toBe(project.now() + 60_000);
});

test("a submit that is refused for its form is told first that its lease is worth nothing any more", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  await project.control("cancel", { task_ids: ["r1t1"] });
  expect(await project.refusal(submitResult, { lease, status: "failed" })).toMatchObject({
    reason: "cancelled",
  });
});

test("a heartbeat says when the attempt must end, and keeps progress and message", async () => {
  const project = newProject();
  await project.task({ options: { max_run_seconds: 100 } });
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(50);
  const said = await project.ok(heartbeat, { lease, progress: 40, message: "Half of it." });
  expect(said.lease_seconds).toBe(50);
  expect(said.notices?.join(" ")).toMatch("within 50 s");
  expect(await project.record("r1t1")).toMatchObject({ progress: 40, message: "Half of it." });
});

test("an attempt that ran as long as it may is over, for heartbeats and for shared state", async () => {
  const project = newProject();
  await project.task({ options: { max_run_seconds: 100 } });
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(101);
  await project.poll("eve", { agent_type: "testing" });
  expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_ended" });
  expect(await project.refusal(getSharedState, { prefix: "", lease })).toMatchObject({
    reason: "lease_ended",
  });
  expect(await project.complete(lease, "Still worth something.")).toMatchObject({
    status: "completed",
  });
});

test("a poll does not give again what ran as long as it may: it is a new attempt, after a pause", async () => {
  const project = newProject();
  const id = await project.task({ options: { max_run_seconds: 100, retry: { jitter: "none" } } });
  await project.claim("ada", { lease_seconds: 60 });
  project.advance(101);
  expect(await project.poll("ada")).toEqual([]);
  project.advance(10);
  const again = await project.claim("ada");
  expect(again).toMatchObject({ lease_seconds: 100 });
  expect(again.held).toBeUndefined();
  expect(again.lease).toMatch(`${id}.2.`);
  expect(await project.audit()).toEqual([]);
});
