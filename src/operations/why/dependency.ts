/** A blocked task waits for others. What is told is the cause at the root, some steps down. */
import { isTerminal, type TRIGGER_RULES } from "../../domain/lifecycle.ts";
import type { TaskRecord } from "../../domain/task.ts";
import { type Cause, type Facts, listed } from "./cause.ts";

/** Tasks that have to end before this one goes on. */
export function waitsOn({ status, dependencies = [], review_task }: TaskRecord): string[] {
  if (review_task !== undefined) return [review_task];
  if (status !== "blocked") return [];
  return dependencies.filter(({ ended }) => !ended).map(({ task_id }) => task_id);
}

const WANTED = {
  all_success: "to complete",
  all_done: "to end",
  one_failed: "(it runs only if one of them fails)",
} as const satisfies Record<(typeof TRIGGER_RULES)[number], string>;

/** Of a task that waits for others, whatever these in turn wait for. */
export function dependency(task: TaskRecord, { tasks }: Facts): Cause {
  const open = waitsOn(task);
  if (task.staged) {
    const text =
      "Created with a large workflow: it is put in its place with one of the next calls.";
    return { why: "dependency", subject: open.join(" "), text };
  }
  const ended = open.some((task_id) => {
    const upstream = tasks.get(task_id);
    return upstream && isTerminal(upstream.status);
  });
  const wanted = WANTED[task.trigger_rule ?? "all_success"];
  const soon = ended ? " It hears of what has ended with one of the next calls." : "";
  const text = `Waits for ${listed(open, 10)} ${wanted}.${soon}`;
  return { why: "dependency", subject: open.join(" "), text };
}
