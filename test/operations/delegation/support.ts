/** What tests of delegation do again and again: create under a lease, wait, and look. */
import type { z } from "zod";
import type { createTask } from "../../../src/operations/create-task.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../../src/operations/get-task-status.ts";
import type { HandedOut } from "../../../src/operations/hand-out.ts";
import { submitResult } from "../../../src/operations/submit-result.ts";
import type { Project } from "../../support/project.ts";

export const WORKER = { as: { role: "worker" } } as const;

/** A task that `ada`, of type planning, holds; its lease. */
export async function parent(
  project: Project,
  options?: z.input<typeof createTask.input>["options"],
): Promise<string> {
  await project.task({ agent_type: "planning", ...(options && { options }) });
  return (await planningTask(project, "ada")).lease;
}

export function planningTask(project: Project, agent_id: string): Promise<HandedOut> {
  return project.claim(agent_id, { agent_type: "planning" });
}

/** Creates a child with a worker's key; returns its id. */
export function child(
  project: Project,
  lease: string,
  input: Partial<z.input<typeof createTask.input>> = {},
): Promise<string> {
  return project.task({ lease, ...input }, WORKER);
}

export async function children(project: Project, lease: string, count: number): Promise<void> {
  const tasks = Array.from({ length: count }, (_, index) => ({
    key: `k${index}`,
    task_description: `Do part ${index}.`,
  }));
  const all = { name: "Parts", agent_type: "implementation", lease, tasks };
  await project.ok(createWorkflow, all, WORKER);
}

export function wait(
  project: Project,
  lease: string,
): Promise<z.infer<typeof submitResult.output>> {
  return project.ok(submitResult, { lease, status: "waiting" });
}

export async function statusOf(project: Project, task_id: string): Promise<string> {
  return (await project.ok(getTaskStatus, { task_id })).status;
}
