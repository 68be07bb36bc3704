/** What is said where an id is that of something else. */
import { expect, test } from "vitest";
import type { Refusal } from "../../src/domain/refusal.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { waitForTasks } from "../../src/operations/wait-for-tasks.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Ask = (project: Project) => Promise<Refusal>;

test.each<[string, Ask]>([
  ["the status of a run", (project) => project.refusal(getTaskStatus, { run_id: "s4" })],
  ["the status of a task", (project) => project.refusal(getTaskStatus, { task_id: "s4" })],
  ["a wait", (project) => project.refusal(waitForTasks, { run_id: "s4" })],
  [
    "cancelling a run",
    (project) => project.refusal(controlTask, { action: "cancel", run_id: "s4" }),
  ],
  [
    "cancelling a task",
    (project) => project.refusal(controlTask, { action: "cancel", task_ids: ["s4"] }),
  ],
])("%s given the id of a schedule says that it is one, and how it is stopped", async (_, ask) => {
  const { reason, message } = await ask(newProject());
  expect(reason).toBe("not_found");
  expect(message).toMatch(/^s4 is a schedule, no (?:run|task)\. .*DELETE \/v1\/schedules\/s4 /);
});
