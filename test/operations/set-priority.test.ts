/** A changed priority moves a task in its line by what the priority is worth, whatever it waits for. */
import { expect, test } from "vitest";
import { PRIORITY_STEP_MS } from "../../src/domain/order.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function setPriority(project: Project, task_id: string, priority: number): Promise<void> {
  await project.control("set_priority", { task_ids: [task_id], changes: { priority } });
  expect(await project.audit()).toEqual([]);
}

test("a ready task overtakes, and falls back again", async () => {
  const project = newProject();
  const [first, second] = [await project.task(), await project.task()];
  await setPriority(project, second, 0);
  await setPriority(project, first, 9);
  expect((await project.claim("ada")).lease).toMatch(second);
  await setPriority(project, first, 5);
  const { order, ready_at = 0 } = await project.record(first);
  expect(order).toBe(ready_at + 5 * PRIORITY_STEP_MS);
});

test("its waiting counts on: an old task with a lower priority may still come first", async () => {
  const project = newProject();
  const old = await project.task();
  project.advance(3 * 120);
  const young = await project.task();
  await setPriority(project, young, 3);
  expect((await project.claim("ada")).lease).toMatch(old);
});

test("a blocked and a scheduled task take their place with it later", async () => {
  const project = newProject();
  const first = await project.task();
  const blocked = await project.task({ dependencies: [first] });
  const start_at = new Date(project.now() + 10_000).toISOString();
  const scheduled = await project.task({ options: { start_at } });
  await setPriority(project, blocked, 1);
  await setPriority(project, scheduled, 0);
  await project.complete((await project.claim("ada")).lease);
  project.advance(10);
  await project.task();
  const got = await project.poll("ada", { max_tasks: 3 });
  expect(got.slice(0, 2).map(({ lease }) => lease.split(".")[0])).toEqual([scheduled, blocked]);
});

test("a running task takes it along when it is handed back", async () => {
  const project = newProject();
  const first = await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  await project.task();
  await setPriority(project, first, 9);
  expect((await project.record(first)).lease?.check).toBe(lease.split(".")[2]);
  project.advance(61);
  await project.poll("idle", { agent_type: "testing" });
  expect((await project.claim("bob")).lease).toMatch("r2t1");
});

test("what has ended, and a priority that is none, are refused", async () => {
  const project = newProject();
  const id = await project.task();
  for (const changes of [{}, { priority: 10 }, { priority: 1.5 }, { priority: 1, other: 1 }]) {
    const sent = project.refusal(controlTask, { action: "set_priority", task_ids: [id], changes });
    expect(await sent).toMatchObject({ reason: "invalid" });
  }
  await project.complete((await project.claim("ada")).lease);
  const { refused } = await project.control("set_priority", {
    task_ids: [id],
    changes: { priority: 1 },
  });
  expect(refused).toEqual([{ task_id: id, reason: "it is completed already" }]);
});
