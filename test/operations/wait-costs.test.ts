/** What waiting for tasks costs: looks and commands are counted, by Redis' own clock. */
import { expect, test } from "vitest";
import type { z } from "zod";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { eventually } from "../support/eventually.ts";
import { type Project, useProjects } from "../support/project.ts";

// As in production: asking for the time is a command too.
const newProject = useProjects({ clock: "real" });

async function look(project: Project, input: z.input<typeof waitForTasks.input>) {
  return project.ok(waitForTasks, { wait_seconds: 0, ...input });
}

test("four looks and one subscription until a change is heard, however long that takes", async () => {
  const project = newProject();
  await project.poll("ada");
  const run_id = await project.graph({ a: [], b: ["a"] });
  // Redis has all scripts then, and is sent none of them again.
  await project.complete((await project.claim("ada")).lease);
  const { lease } = await project.claim("ada");
  const { cursor } = await look(project, { run_id });
  const scripts = async (act: () => Promise<unknown>): Promise<number> => {
    project.upstash.stats.reset();
    await act();
    const { EVALSHA = 0, EVAL = 0, SUBSCRIBE = 0 } = project.upstash.stats.snapshot().byCommand;
    return EVALSHA + EVAL + SUBSCRIBE;
  };
  const watched = async (): Promise<void> => {
    const watched_until = (await project.run(run_id)).watched_until ?? 0;
    expect(watched_until).toBeGreaterThan(Date.now());
  };
  const spent = await scripts(async () => {
    const answer = look(project, { run_id, cursor, wait_seconds: 30 });
    await eventually(watched);
    await project.complete(lease);
    expect(await answer).toMatchObject({ status: "completed", open: 0 });
  });
  // Besides the submit: a look, the subscription, a look that notes it, one after the message, one for the reply.
  expect(spent - 1).toBe(5);
});

test("nothing is announced of a run that nobody waits for", async () => {
  const project = newProject();
  await project.task();
  project.upstash.stats.reset();
  await project.complete((await project.claim("ada")).lease);
  expect(project.upstash.stats.snapshot().inner["PUBLISH"]).toBeUndefined();
});

// EVALSHA, HMGET run, HMGET control, TIME; what changed is one further HMGET, whatever the size of the run.
test("four commands for each look at which nothing is new", async () => {
  const project = newProject();
  await project.poll("ada");
  const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
  const run_id = await project.graph(Object.fromEntries(keys));
  const { cursor } = await look(project, { run_id });
  const cost = async (): Promise<object> => {
    project.upstash.stats.reset();
    await look(project, { run_id, cursor });
    const { httpRequests, billed } = project.upstash.stats.snapshot();
    return { httpRequests, billed };
  };
  expect(await cost()).toEqual({ httpRequests: 1, billed: 4 });
  await project.complete((await project.claim("ada")).lease);
  expect(await cost()).toEqual({ httpRequests: 1, billed: 5 });
});
