/** What delegating costs: billed commands and round trips, as in `budgets.test.ts`. */
import { expect, test } from "vitest";
import { type Project, useProjects } from "../support/project.ts";
import { child, parent, planningTask, wait } from "../operations/delegation/support.ts";

const newProject = useProjects({ clock: "real" });

async function cost(project: Project, act: () => Promise<unknown>): Promise<[number, number]> {
  project.upstash.stats.reset();
  await act();
  const { httpRequests, billed } = project.upstash.stats.snapshot();
  return [httpRequests, billed];
}

async function oneRound(project: Project): Promise<Record<string, [number, number]>> {
  const lease = await parent(project);
  const creating = await cost(project, () => child(project, lease));
  const waiting = await cost(project, () => wait(project, lease));
  const { lease: inner } = await project.claim("bob");
  const ending = await cost(project, () => project.complete(inner, { small: true }));
  let again = "";
  const resuming = await cost(project, async () => {
    ({ lease: again } = await planningTask(project, "ada"));
  });
  await project.complete(again);
  return { creating, waiting, ending, resuming };
}

test("a child costs no more than a task, and its parent one round trip more once it goes on", async () => {
  const project = newProject();
  // A first round teaches Redis the scripts.
  await oneRound(project);
  expect(await oneRound(project)).toEqual({
    // As without a lease, and: HMGET of parent and run.
    creating: [1, 8],
    // As any submit.
    waiting: [1, 6],
    // As any submit, and: HMGET of the parent; ZADD, as it is ready again.
    ending: [1, 8],
    // As any claim; then HMGET of children and results together.
    resuming: [2, 9],
  });
});
