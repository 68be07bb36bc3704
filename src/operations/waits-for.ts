/** Why a task does not run: in a few words for lists, and in full with what would help. */
import type { TRIGGER_RULES } from "../domain/lifecycle.ts";
import type { TaskRecord } from "../domain/task.ts";

/** Absent for a task that waits for nothing. `now` is in milliseconds of Redis' clock. */
export function waitsFor(task: TaskRecord, now: number): string | undefined {
  switch (task.status) {
    case "blocked":
      return openDependencies(task).join(", ");
    case "scheduled":
      return `${seconds((task.start_at ?? now) - now)} s`;
    case "ready":
      return `${task.agent_type}${task.assignee ? ` ${task.assignee}` : ""}`;
    case "skipped":
      return undefined;
    default:
      return undefined;
  }
}

/** One or two sentences: what it waits for, and what would help. */
export function why(task: TaskRecord, now: number): string {
  const lease = task.lease && !task.lease.ended ? task.lease : undefined;
  switch (task.status) {
    case "blocked":
      return `Waits for ${openDependencies(task).join(", ")} ${WANTED[task.trigger_rule ?? "all_success"]}.`;
    case "scheduled":
      return `Starts in ${seconds((task.start_at ?? now) - now)} s.`;
    case "ready":
      return `Ready for ${seconds(now - (task.ready_at ?? now))} s: waits for ${whoMayClaim(task)} to poll.`;
    case "running":
      return lease
        ? `${lease.agent_id} works on it (attempt ${task.attempt}); its lease ends in ${seconds(lease.until_ms - now)} s unless renewed.`
        : "Its lease has ended; it becomes ready again with the next call.";
    case "skipped":
      return task.skipped_because === undefined
        ? "Skipped because none of its dependencies failed."
        : `Skipped because ${task.skipped_because} did not complete.`;
    case "failed":
      return "Failed; it waits for nothing any more.";
    default:
      return `It is ${task.status}; it waits for nothing any more.`;
  }
}

const WANTED = {
  all_success: "to complete",
  all_done: "to end",
  one_failed: "(it runs only if one of them fails)",
} as const satisfies Record<(typeof TRIGGER_RULES)[number], string>;

function openDependencies(task: TaskRecord): string[] {
  return (task.dependencies ?? []).filter(({ ended }) => !ended).map(({ task_id }) => task_id);
}

function whoMayClaim(task: TaskRecord): string {
  const able = task.requires ? ` with ${task.requires.join(", ")}` : "";
  return task.assignee
    ? `agent ${task.assignee} (${task.agent_type})${able}`
    : `an agent of type ${task.agent_type}${able}`;
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
