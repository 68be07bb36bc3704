/** Makes dead letters, and lists them. */
import { LIMITS } from "../../src/domain/limits.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import type { Project } from "./project.ts";

/** A dead letter with this code; returns its id. */
export async function buried(
  project: Project,
  code: string,
  agent_type = "implementation",
): Promise<string> {
  const id = await project.task({ agent_type, priority: 0 });
  await project.bury((await project.claim(`${agent_type}-agent`, { agent_type })).lease, code);
  return id;
}

/** All that are listed. */
export async function letters(project: Project): Promise<string[]> {
  const { tasks } = await project.ok(listTasks, { status: "dead_letter", limit: LIMITS.list_cap });
  return tasks.map(({ task_id }) => task_id);
}
