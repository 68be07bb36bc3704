/** Why a run does not end: its open tasks by what is at the root of their waiting, the most common first. */
import type { TaskRecord } from "../../domain/task.ts";
import type { Facts } from "./cause.ts";
import { type Root, rootOf } from "./explain.ts";

export interface RunCause {
  readonly why: string;
  readonly text: string;
  /** How many open tasks there are because of it. */
  readonly tasks: number;
  /** Some of them. */
  readonly task_ids: readonly string[];
}

/** So many groups, and so many ids of each. */
const GROUPS = 20;
const NAMED = 5;

export function runWhy(open: readonly TaskRecord[], facts: Facts): RunCause[] {
  const groups = new Map<string, { readonly root: Root; readonly ids: string[] }>();
  for (const task of open) {
    const root = rootOf(task, facts);
    const name = `${root.cause.why} ${root.cause.subject}`;
    const group = groups.get(name) ?? { root, ids: [] };
    group.ids.push(task.task_id);
    groups.set(name, group);
  }
  return [...groups.values()]
    .toSorted((a, b) => b.ids.length - a.ids.length)
    .slice(0, GROUPS)
    .map(({ root: { cause, path }, ids }) => ({
      why: cause.why,
      text: `${path.at(-1)?.task_id}: ${cause.text}`,
      tasks: ids.length,
      task_ids: ids.slice(0, NAMED),
    }));
}
