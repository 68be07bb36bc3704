/** What a task waits for, in a few words for lists; `why/` says it in full. */
import type { TaskRecord } from "../domain/task.ts";
import { waitsOn } from "./why/dependency.ts";

/** Absent for a task that waits for nothing. `now` is in milliseconds of Redis' clock. */
export function waitsFor(task: TaskRecord, now: number): string | undefined {
  switch (task.status) {
    case "blocked":
      return waitsOn(task).join(", ");
    case "scheduled":
      return `${seconds((task.start_at ?? now) - now)} s`;
    case "ready":
      return `${task.agent_type}${task.assignee ? ` ${task.assignee}` : ""}`;
    case "suspended":
      return task.suspended_for;
    default:
      return undefined;
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
