/** What was seen, as the caller reads it: bounded, with the way to the rest. */
import { isTerminal } from "../../domain/lifecycle.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { RunRecord, TaskRecord } from "../../domain/task.ts";
import { fitting } from "../reply-budget.ts";
import { formatCursor } from "./cursor.ts";
import type { Need } from "./needs.ts";
import type { Seen } from "./look.ts";
import type { Target } from "./target.ts";

interface Progress {
  readonly run_id?: string;
  readonly status?: string;
  readonly completed: number;
  readonly running: number;
  readonly open: number;
  readonly failed?: number;
}

export interface Told extends Progress {
  readonly [field: string]: unknown;
  readonly ended: { task_id: string; status: string; title: string }[];
  readonly needs_you?: Need[];
  readonly cursor: string;
}

export function allEnded({ named, runs }: Seen, { task_ids }: Target): boolean {
  return task_ids
    ? named.every(({ status }) => isTerminal(status))
    : runs.every(({ status }) => status !== "active");
}

/** `timed_out`: nothing came that is worth a reply. */
export function tell(
  seen: Seen,
  { target, timed_out }: { target: Target; timed_out: boolean },
): Told {
  const { ended, needs, missed, cursor } = seen;
  const last = ended.slice(-LIMITS.changes_kept);
  const shown = fitting(needs, LIMITS.reply_bytes / 2);
  return {
    ...(target.task_ids ? progressOfNamed(seen.named) : progressOfRun(seen.runs[0])),
    ended: last.map(({ task_id, status, title }) => ({ task_id, status, title })),
    ...more({
      changes: missed + ended.length - last.length,
      needs: needs.length - shown.length,
    }),
    ...(shown.length > 0 && { needs_you: shown }),
    cursor: formatCursor(cursor),
    ...(timed_out && { timed_out, next: "Call wait_for_tasks again with this cursor." }),
  };
}

function progressOfRun(run: RunRecord | undefined): Progress {
  if (!run) throw new Error("a look at a run without the run");
  const { run_id, status, counts, running, open } = run;
  return {
    run_id,
    status,
    completed: counts.completed,
    running,
    open,
    ...(counts.failed > 0 && { failed: counts.failed }),
  };
}

function progressOfNamed(tasks: readonly TaskRecord[]): Progress {
  const count = (status: TaskRecord["status"]): number =>
    tasks.filter((task) => task.status === status).length;
  const failed = count("failed");
  return {
    completed: count("completed"),
    running: count("running"),
    open: tasks.filter(({ status }) => !isTerminal(status)).length,
    ...(failed > 0 && { failed }),
  };
}

function more({ changes, needs }: { changes: number; needs: number }): { more?: string } {
  const parts = [
    ...(changes > 0 ? [`${changes} earlier changes: list_tasks shows the tasks as they are.`] : []),
    ...(needs > 0
      ? [`${needs} more need you: list_tasks with status dead_letter, needs_input or late_result.`]
      : []),
  ];
  return parts.length > 0 ? { more: parts.join(" ") } : {};
}
