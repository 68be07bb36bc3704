/** How tasks changed since a cursor, by what their run remembers of its last changes. */
import type { RunRecord } from "../../domain/task.ts";

/** A task, and how it changed: the statuses that it ended with, "question", "late_result". */
export type Changes = ReadonlyMap<string, ReadonlySet<string>>;

export interface Remembered {
  /** In the order of their last changes. */
  readonly changes: Changes;
  /** How many changes there were besides that are remembered no longer. */
  readonly missed: number;
}

/** All that is remembered where there is no `after`, or one that this run never had. */
export function changesSince(run: RunRecord, after: number | undefined): Remembered {
  const { run_id, seq = 0, recent = [], needs = [] } = run;
  const from = after === undefined || after > seq ? 0 : after;
  const first = seq - recent.length;
  // What needs somebody is remembered for longer than the rest.
  const kept = needs.flatMap((need) => {
    const [at = "", number, kind] = need.split(" ");
    return Number(at) > from && Number(at) <= first ? [`${number} ${kind}`] : [];
  });
  const changes = new Map<string, Set<string>>();
  for (const change of [...kept, ...recent.slice(Math.max(0, from - first))]) {
    const [number = "", kind = ""] = change.split(" ");
    const task_id = `${run_id}t${number}`;
    const kinds = changes.get(task_id) ?? new Set();
    // The latest change decides about the place.
    changes.delete(task_id);
    changes.set(task_id, kinds.add(kind));
  }
  return { changes, missed: Math.max(0, first - from - kept.length) };
}
