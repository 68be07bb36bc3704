/** A task whose workers are never heard of again, one after the other. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { agentAlive } from "../../src/operations/agent-alive.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** One worker takes the task, does what it does, and is not heard of again. */
async function lost(
  project: Project,
  before: (lease: string) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  await before(lease);
  project.advance(61);
  await project.poll("idle", { agent_type: "testing" });
}

test("three silent losses in a row make a dead letter with the code poison", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  for (const nth of [1, 2]) {
    await lost(project);
    expect(await project.record("r1t1")).toMatchObject({ status: "ready", lost: nth });
  }
  await lost(project);
  const { status, error_code, attempts, failures } = await project.record("r1t1");
  expect({ status, error_code, failures }).toEqual({ status: "failed", error_code: "poison" });
  expect(attempts?.map(({ outcome }) => outcome)).toEqual(["expired", "expired", "expired"]);
  expect(await project.record("r1t2")).toMatchObject({ status: "skipped" });
  const told = factsOf(await project.dump()).map(({ type }) => type);
  expect(told.filter((type) => type === "task.lease_lost")).toHaveLength(LIMITS.lost_in_a_row);
  expect(await project.audit()).toEqual([]);
});

const SIGNS: Record<string, (project: Project, lease: string) => Promise<unknown>> = {
  "a heartbeat": (project, lease) => project.ok(heartbeat, { lease }),
  "a write of shared state under the lease": (project, lease) =>
    project.ok(setSharedState, { key: "k", value: 1, lease }),
  "a word of the agent's client that it is alive": (project) =>
    project.ok(agentAlive, { agent_id: "ada" }),
  "a poll that asks only what it holds": (project) => project.poll("ada", { max_tasks: 0 }),
};

describe.each(Object.keys(SIGNS))("%s", (name) => {
  test("is a sign of life: the losses begin to count anew", async () => {
    const project = newProject();
    const id = await project.task();
    await lost(project);
    await lost(project);
    await lost(project, async (lease) => SIGNS[name]?.(project, lease));
    expect(await project.record(id)).toMatchObject({ status: "ready", lost: 0 });
    await lost(project);
    await lost(project);
    expect((await project.record(id)).status).toBe("ready");
    await lost(project);
    expect((await project.record(id)).status).toBe("failed");
  });
});

test("a poll that may be the re-send of the one that claimed is no sign of life", async () => {
  const project = newProject();
  const id = await project.task();
  for (let nth = 1; nth <= 3; nth++) await lost(project, () => project.poll("ada"));
  expect(await project.record(id)).toMatchObject({ status: "failed", error_code: "poison" });
});

test.each(["failed", "released"] as const)("a submit of %s ends the row", async (status) => {
  const project = newProject();
  const id = await project.task({ options: { retry: { jitter: "none" } } });
  await lost(project);
  await lost(project);
  const { lease } = await project.claim("bob");
  await project.ok(submitResult, { lease, status, error: { message: "No." } });
  expect((await project.record(id)).lost).toBeUndefined();
  project.advance(61);
  await lost(project);
  await lost(project);
  expect((await project.record(id)).status).toBe("ready");
});

test("a late heartbeat ends the row too", async () => {
  const project = newProject();
  const id = await project.task();
  await lost(project);
  await lost(project);
  const { lease } = await project.claim("eve", { lease_seconds: 60 });
  await project.ok(heartbeat, { lease });
  project.advance(61);
  await project.poll("idle", { agent_type: "testing" });
  await project.ok(heartbeat, { lease });
  const { status, lost: counted, lease: live } = await project.record(id);
  expect({ status, counted, alive: live?.alive }).toEqual({ status: "running", alive: true });
  expect(await project.audit()).toEqual([]);
});

test("a runner that dies of the task and is started again each time has lost it three times", async () => {
  const project = newProject();
  const id = await project.task();
  for (const instance of ["one", "two", "three", "four"]) {
    await project.poll("runner", { instance });
    project.advance(1);
  }
  const { status, error_code, attempts } = await project.record(id);
  expect({ status, error_code }).toEqual({ status: "failed", error_code: "poison" });
  expect(attempts?.map(({ outcome }) => outcome)).toEqual(["replaced", "replaced", "replaced"]);
  expect(await project.audit()).toEqual([]);
});

test("a dead letter that is retried begins its row anew", async () => {
  const project = newProject();
  const id = await project.task();
  for (let nth = 1; nth <= 3; nth++) await lost(project);
  await project.control("retry", { task_ids: [id] });
  await lost(project);
  await lost(project);
  expect(await project.record(id)).toMatchObject({ status: "ready", attempt: 5, lost: 2 });
});
