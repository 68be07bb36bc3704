/** Many agents after the same tasks: each task is handed out exactly once. */
import { expect, test } from "vitest";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import type { HandedOut } from "../../src/operations/hand-out.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const TASKS = 500;

async function fill(project: Project): Promise<void> {
  for (const size of [200, 200, 100]) {
    const tasks = Array.from({ length: size }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
    }));
    await project.ok(createWorkflow, { name: "Load", agent_type: "implementation", tasks });
  }
}

/** Polls, submits with `poll_next` as long as that gives work, and polls again, until there is nothing left. */
async function worker(project: Project, agent_id: string): Promise<string[]> {
  const got: string[] = [];
  for (;;) {
    let task: HandedOut | undefined = (await project.poll(agent_id))[0];
    if (!task) return got;
    while (task) {
      got.push(task.lease);
      task = await completeForNext(project, task.lease);
    }
  }
}

async function completeForNext(project: Project, lease: string): Promise<HandedOut | undefined> {
  const done = await project.ok(submitResult, { lease, status: "completed", poll_next: true });
  return done.next?.[0];
}

test.each([2, 8])("%i agents get each of 500 tasks exactly once", async (count) => {
  const project = newProject();
  await fill(project);
  const agents = Array.from({ length: count }, (_, index) => worker(project, `agent-${index}`));
  const leases = (await Promise.all(agents)).flat();
  expect(leases).toHaveLength(TASKS);
  const tasks = leases.map((lease) => lease.split(".")[0]);
  expect(new Set(tasks).size).toBe(TASKS);
  expect(leases.filter((lease) => !lease.includes(".1."))).toEqual([]);
  const told = factsOf(await project.dump());
  for (const type of ["task.claimed", "task.completed"]) {
    expect(told.filter((fact) => fact["type"] === type)).toHaveLength(TASKS);
  }
  for (const run of ["r1", "r2", "r3"]) {
    expect((await project.run(run)).status).toBe("completed");
  }
  expect(await project.audit()).toEqual([]);
});

test("twenty polls at once under one name get one task, with one lease", async () => {
  const project = newProject();
  await project.task();
  await project.task();
  const polls = Array.from({ length: 20 }, () => project.claim("ada"));
  const leases = (await Promise.all(polls)).map(({ lease }) => lease);
  expect(new Set(leases).size).toBe(1);
  expect((await project.record("r2t1")).status).toBe("ready");
  expect(await project.audit()).toEqual([]);
});

test("eight agents on one task whose lease ran out: one gets the next attempt", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("slow", { lease_seconds: 10 });
  project.advance(11);
  const polls = Array.from({ length: 8 }, (_, index) => project.poll(`agent-${index}`));
  const late = project.call(submitResult, { lease, status: "completed", result: "late" });
  const got = (await Promise.all(polls)).flat();
  const submitted = await late;
  expect(got.length + (submitted.ok ? 1 : 0)).toBe(1);
  expect(await project.audit()).toEqual([]);
});
