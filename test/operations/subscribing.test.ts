/** What happens while a waiter is about to listen, and so is told to nobody: the look after that finds it. */
import { expect, test, vi } from "vitest";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Resolves when a subscription has been asked for; for a while it is not made yet. */
async function subscribing({ upstash: { faults } }: Project, wait: () => Promise<unknown>) {
  const rule = faults.add({ kind: "delay", contains: "/subscribe/", delayMs: 1_000, next: 1 });
  const answer = wait();
  await vi.waitFor(() => expect(faults.list().find(({ id }) => id === rule)?.hits).toBe(1));
  return { answer };
}

function published({ upstash }: Project): number {
  return upstash.stats.snapshot().inner["PUBLISH"] ?? 0;
}

test("work that comes between a waiter's first claim and its subscription reaches it, though nobody is woken", async () => {
  const project = newProject();
  project.upstash.stats.reset();
  const { answer } = await subscribing(project, () =>
    project.ok(pollTasks, { agent_id: "ada", agent_type: "implementation", wait_seconds: 30 }),
  );
  const id = await project.task();
  expect(published(project)).toBe(0);
  expect(await answer).toMatchObject({ tasks: [{ lease: expect.stringContaining(`${id}.1.`) }] });
});

test("a run that ends between an orchestrator's first look and its subscription is told of, though nobody is woken", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  project.upstash.stats.reset();
  const { answer } = await subscribing(project, () =>
    project.ok(waitForTasks, { run_id: "r1", wait_seconds: 30 }),
  );
  await project.complete(lease);
  expect(published(project)).toBe(0);
  expect(await answer).toMatchObject({
    status: "completed",
    ended: [{ task_id: id, status: "completed" }],
  });
});
