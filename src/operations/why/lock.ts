/** A lock, or a concurrency key that is full, keeps a parked task from being claimed. */
import type { TaskRecord } from "../../domain/task.ts";
import type { Obstacle } from "../../store/replies.ts";
import { type Explain, listed } from "./cause.ts";

export const lock: Explain = (task, { in_the_way }) => {
  const { task_id, parked } = task;
  if (task.status !== "ready" || parked === undefined) return undefined;
  return { why: "lock", subject: parked, text: sentence(task, in_the_way[task_id]) };
};

/** In a few words, for lists. */
export function parkedFor({ parked = "" }: TaskRecord): string {
  const name = parked.slice(1);
  return parked.startsWith("#") ? `concurrency_key ${name}` : `lock ${name}`;
}

/** Who has it, or who goes first. */
function sentence(task: TaskRecord, obstacle: Obstacle | undefined): string {
  const { count = 0, held = [], first = [] } = obstacle ?? {};
  const what = parkedFor(task);
  const isKey = task.parked?.startsWith("#") === true;
  if (count > 0 && isKey) {
    const ids = listed(held.map(({ task_id }) => task_id));
    const queue = first.length > 0 ? `; ${listed(first)} goes first` : "";
    return `Waits for a place: ${what} is full (${count} of ${task.concurrency_limit ?? 1}: ${ids}${queue}).`;
  }
  const holders = held.map(({ task_id, agent_id }) =>
    agent_id === undefined ? task_id : `${agent_id} (${task_id})`,
  );
  if (holders.length > 0) {
    const part = task.parked?.startsWith("<") ? "held in part" : "held";
    return `Waits for ${what}, ${part} by ${listed(holders)}.`;
  }
  if (first.length > 0) return `Waits for ${what}; ${listed(first)} goes first.`;
  return `Waited for ${what}, which is free again: the next call puts it back in line.`;
}
