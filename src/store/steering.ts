/** What is asked of calls that steer: the shared state, tasks, circuit breakers. */
import type { HeldLease } from "./held-lease.ts";

/** By task: the attempt whose late result fits the schema, or why it does not fit. */
export interface CheckedLateResults {
  readonly fit: Readonly<Record<string, number>>;
  readonly unfit: Readonly<Record<string, string>>;
}

/** How a call is known when it is sent again. */
export interface Identified {
  /** Made of the caller's idempotency key where there is one. */
  readonly operation_id: string;
  /** With an idempotency key: tells two bodies apart that came with the same one. */
  readonly fingerprint?: string;
}

export interface StateWrite extends Identified {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly run_id?: string;
  readonly if_version?: number;
  readonly ttl_seconds?: number;
  readonly lease?: HeldLease;
}

export interface StateRead {
  readonly name?: string;
  readonly prefix?: string;
  readonly after?: string;
  readonly lease?: HeldLease;
}

export interface Control extends Identified {
  readonly action:
    | "cancel"
    | "retry"
    | "discard"
    | "answer"
    | "message"
    | "promote_late_result"
    | "set_priority";
  readonly task_ids?: readonly string[];
  readonly error_code?: string;
  /** With an error code: at most so many at once. */
  readonly limit: number;
  readonly note?: string;
  /** The answer, or the message. */
  readonly said?: string;
  readonly priority?: number;
  /** With promote_late_result: what was found about the late results of tasks that have a schema. */
  readonly late?: CheckedLateResults;
  /** With retry: what is different this time. */
  readonly changes?: {
    readonly fields: Readonly<Record<string, unknown>>;
    readonly cleared: readonly string[];
    readonly payload: boolean;
    readonly payload_bytes?: number;
    readonly payload_blob?: string;
  };
  /** JSON text of a new payload; empty where there is none. */
  readonly text: string;
}

export interface BreakerForce {
  readonly name: string;
  readonly state?: "open" | "closed";
}
