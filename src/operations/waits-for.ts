/** What a task waits for, in a few words for lists; `why/` says it in full. */
import type { TaskRecord } from "../domain/task.ts";
import { listed } from "./why/cause.ts";
import { waitsOn } from "./why/dependency.ts";
import { parkedFor } from "./why/lock.ts";

export interface Circumstances {
  /** Milliseconds of Redis' clock. */
  readonly now: number;
  /** Open children of suspended tasks, by parent; those of a parent that is not named are counted only. */
  readonly awaited?: ReadonlyMap<string, readonly string[]>;
}

/** Nothing for a task that waits for nothing. */
export function waiting(
  task: TaskRecord,
  about: Circumstances,
): { readonly waits_for?: string; readonly open_children?: string } {
  const waits_for = waitsFor(task, about);
  return {
    ...(waits_for && { waits_for }),
    ...(task.status === "suspended" &&
      task.suspended_for === "children" && { open_children: childrenOf(task, about) }),
  };
}

function waitsFor(task: TaskRecord, { now }: Circumstances): string | undefined {
  switch (task.status) {
    case "blocked":
      return waitsOn(task).join(", ");
    case "scheduled":
      return `${seconds((task.start_at ?? now) - now)} s`;
    case "ready":
      if (task.parked !== undefined) return parkedFor(task);
      return `${task.agent_type}${task.assignee ? ` ${task.assignee}` : ""}`;
    case "suspended":
      return task.suspended_for;
    case "in_review":
      return `review ${task.review_task}`;
    default:
      return undefined;
  }
}

function childrenOf(
  { task_id, open_children = 0 }: TaskRecord,
  { awaited }: Circumstances,
): string {
  const names = awaited?.get(task_id) ?? [];
  return names.length > 0 ? listed(names) : `${open_children}`;
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
