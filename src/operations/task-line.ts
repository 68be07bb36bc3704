/** A task as one line of a list. */
import type { TaskRecord } from "../domain/task.ts";
import { type Circumstances, waiting } from "./waits-for.ts";

export interface TaskLine {
  readonly [field: string]: unknown;
  readonly task_id: string;
  readonly title: string;
  readonly status: string;
}

export function taskLine(task: TaskRecord, about: Circumstances): TaskLine {
  const lease = task.lease && !task.lease.ended ? task.lease : undefined;
  return {
    task_id: task.task_id,
    title: task.title,
    status: task.status,
    agent_type: task.agent_type,
    ...(lease && { agent_id: lease.agent_id }),
    ...waiting(task, about),
  };
}
