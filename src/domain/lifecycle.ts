/** The life of a task: its statuses and the only moves between them. The Lua scripts are rendered from this table. */

export const STATUSES = [
  "blocked",
  "scheduled",
  "ready",
  "running",
  "suspended",
  "in_review",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;

export type Status = (typeof STATUSES)[number];

const OPEN = ["blocked", "scheduled", "ready", "running", "suspended", "in_review"] as const;

export const TERMINAL = ["completed", "failed", "cancelled", "skipped"] as const;

export type TerminalStatus = (typeof TERMINAL)[number];

export function isTerminal(status: Status): status is TerminalStatus {
  return TERMINAL.some((terminal) => terminal === status);
}

/**
 * When a task may run, by how its dependencies ended: once all completed, once all ended, or once one failed (only
 * `failed` counts, not what was cancelled or skipped). Where that cannot come about any more it is skipped.
 */
export const TRIGGER_RULES = ["all_success", "all_done", "one_failed"] as const;

/** A move: from which statuses it may start, and where it ends. Anything else is refused and changes nothing. */
export interface Move {
  readonly from: readonly Status[];
  readonly to: Status;
}

export const MOVES = {
  /** The last dependency was met, and no start time lies ahead. */
  unblock: { from: ["blocked"], to: "ready" },
  /** The last dependency was met, and its start time lies ahead. */
  postpone: { from: ["blocked"], to: "scheduled" },
  /** A dependency ended in a way that the task's trigger rule does not accept. */
  skip: { from: ["blocked"], to: "skipped" },
  /** Its start time came. */
  arrive: { from: ["scheduled"], to: "ready" },
  claim: { from: ["ready"], to: "running" },
  /** The lease ran out: others may claim. */
  expire: { from: ["running"], to: "ready" },
  /** A late heartbeat of the lease that ran out, before anybody else claimed. */
  reclaim: { from: ["ready", "scheduled"], to: "running" },
  /** Handed back undone. */
  release: { from: ["running", "ready", "scheduled"], to: "ready" },
  /** The attempt failed, and another one follows after a pause. */
  retry: { from: ["running", "ready", "scheduled"], to: "scheduled" },
  /** Its worker gave the lease back until its children end, or until its question is answered. */
  suspend: { from: ["running", "ready", "scheduled"], to: "suspended" },
  /** What it was suspended for came. */
  resume: { from: ["suspended"], to: "ready" },
  /** Its result waits for a reviewer's verdict. */
  review: { from: ["running", "ready", "scheduled"], to: "in_review" },
  /** The reviewer approved. */
  accept: { from: ["in_review"], to: "completed" },
  /** The reviewer sent it back. */
  rework: { from: ["in_review"], to: "ready" },
  /** From `ready` and `scheduled` too: a late result is accepted while nobody else claimed. */
  complete: { from: ["running", "ready", "scheduled"], to: "completed" },
  /** No attempt follows: a dead letter. From waiting statuses when a deadline passes. */
  fail: { from: [...OPEN], to: "failed" },
  cancel: { from: [...OPEN], to: "cancelled" },
  /** A dead letter is tried again with a fresh budget. */
  redrive: { from: ["failed"], to: "ready" },
  /** The same of one that failed before its dependencies let it begin: it waits for them again. */
  redrive_to_blocked: { from: ["failed"], to: "blocked" },
  /** The task that it was skipped because of is tried again. */
  revive: { from: ["skipped"], to: "blocked" },
  /** A late result is taken for what the task has handed in, and is reviewed. */
  promote_to_review: {
    from: ["scheduled", "ready", "running", "suspended", "in_review", "failed", "cancelled"],
    to: "in_review",
  },
  /** A late result is taken for the task's result. */
  promote: {
    from: ["scheduled", "ready", "running", "suspended", "failed", "cancelled"],
    to: "completed",
  },
} as const satisfies Record<string, Move>;

export type MoveName = keyof typeof MOVES;
