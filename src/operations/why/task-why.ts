/** Why one task does not run: what it waits for, and where that waits itself, what is at the root of it. */
import type { TaskRecord } from "../../domain/task.ts";
import type { Facts } from "./cause.ts";
import { causeOf, type Root, rootOf } from "./explain.ts";

export interface TaskWhy {
  readonly why: string;
  readonly cause: string;
  /** The task at the root, where it is another. */
  readonly root?: string;
}

export function taskWhy(task: TaskRecord, facts: Facts): TaskWhy {
  const root = rootOf(task, facts);
  const own = causeOf(task, facts).text;
  const last = root.path.at(-1);
  if (!last || root.path.length === 1) return { why: own, cause: root.cause.why };
  return {
    why: `${own} ${chain(root)}`,
    cause: root.cause.why,
    root: last.task_id,
  };
}

/** "r1t3 waits for r1t2. r1t2 (ready): …" */
function chain({ path, cause }: Root): string {
  const steps = path
    .slice(1, -1)
    .map(({ task_id }, index) => `${task_id} waits for ${path[index + 2]?.task_id}.`);
  const last = path.at(-1);
  return [...steps, `${last?.task_id} (${last?.status}): ${cause.text}`].join(" ");
}
