/** What happens while a waiter is about to listen, and so is told to nobody: the look after that finds it. */
import { expect, test } from "vitest";
import type { CallOptions } from "../support/project.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Resolves when a subscription has been asked for; it is made only after `listen`. */
async function subscribing({ store }: Project, wait: (options: CallOptions) => Promise<unknown>) {
  const asked = Promise.withResolvers<void>();
  const allowed = Promise.withResolvers<void>();
  const held: Project["store"] = {
    ...store,
    subscribe: async (channel) => {
      asked.resolve();
      await allowed.promise;
      return store.subscribe(channel);
    },
  };
  const answer = wait({ store: held });
  await asked.promise;
  return { answer, listen: allowed.resolve };
}

function published({ upstash }: Project): number {
  return upstash.stats.snapshot().inner["PUBLISH"] ?? 0;
}

test("work that comes between a waiter's first claim and its subscription reaches it, though nobody is woken", async () => {
  const project = newProject();
  project.upstash.stats.reset();
  const asked = { agent_id: "ada", agent_type: "implementation", wait_seconds: 30 };
  const { answer, listen } = await subscribing(project, (options) =>
    project.ok(pollTasks, asked, options),
  );
  const id = await project.task();
  expect(published(project)).toBe(0);
  listen();
  expect(await answer).toMatchObject({ tasks: [{ lease: expect.stringContaining(`${id}.1.`) }] });
});

test("a run that ends between an orchestrator's first look and its subscription is told of, though nobody is woken", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  project.upstash.stats.reset();
  const { answer, listen } = await subscribing(project, (options) =>
    project.ok(waitForTasks, { run_id: "r1", wait_seconds: 30 }, options),
  );
  await project.complete(lease);
  expect(published(project)).toBe(0);
  listen();
  expect(await answer).toMatchObject({
    status: "completed",
    ended: [{ task_id: id, status: "completed" }],
  });
});
