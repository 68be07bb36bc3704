/** What is asked of calls that look: at tasks, at dead letters, at the clock. */
import type { TaskRecord } from "../domain/task.ts";

export interface Listing {
  readonly run?: number;
  readonly task?: number;
  readonly only_run?: number;
  readonly statuses: readonly string[];
  readonly agent_type?: string;
  readonly late_results?: boolean;
  readonly suspended_for?: TaskRecord["suspended_for"];
  readonly limit: number;
}

export interface RunRange {
  readonly run_id: string;
  readonly from: number;
  readonly count: number;
}

/** A run, or tasks of `runs`; `after` is the number of the last change that the caller has been told of. */
export interface WaitLook {
  readonly runs: readonly { readonly run_id: string; readonly after?: number }[];
  readonly task_ids?: readonly string[];
  /** For how long the caller is going to listen for changes of these runs. */
  readonly watch_ms?: number;
}

/** A task, or the tasks of a run beginning with number `from`. */
export type WhyLook =
  | { readonly task_id: string }
  | { readonly run_id: string; readonly from: number };

export interface DeadListing {
  readonly code?: string;
  readonly after?: string;
  readonly limit: number;
}

export interface Look {
  /** Due items to handle at most. */
  readonly limit: number;
  /** Of the tick that looks. */
  readonly generation?: number;
  /** The tick looks for the last time: its successor follows, whatever is still due. */
  readonly last?: boolean;
  /** Also arm again, under its own generation, a tick that never reached QStash. */
  readonly resend?: boolean;
}
