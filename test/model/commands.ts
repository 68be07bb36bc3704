/**
 * What a sequence is made of: plain data, so that a failing one can be shrunk, printed and played again. Numbers that
 * choose among tasks, leases or calls count back from the newest, modulo how many there are.
 */
import { type TaskOptions } from "../../src/domain/options.ts";
import { type Category, type RetryPolicy } from "../../src/domain/failure.ts";
import { type Control } from "../../src/store/steering.ts";

export interface TaskSpec {
  readonly type: number;
  readonly priority: number;
  /** Earlier tasks of the same call, counted back from this one; too large ones are left out. */
  readonly own: readonly number[];
  /** Existing tasks. */
  readonly old: readonly number[];
  readonly requires?: readonly string[];
  readonly assignee?: number;
  readonly start_in?: number;
  readonly start_within_seconds?: number;
  readonly deadline_in?: number;
  readonly retry?: RetryPolicy;
  readonly lease_seconds?: number;
  readonly max_run_seconds?: number;
  readonly trigger_rule?: "all_done" | "one_failed";
  /** Its result has to pass a review by an agent of that type, in so many rounds. */
  readonly review?: { readonly type: number; readonly max_rounds: number };
  /** Its result has to fit. */
  readonly schema?: true;
  readonly delegation?: NonNullable<TaskOptions["delegation"]>;
  readonly locks?: readonly string[];
  readonly concurrency_key?: string;
  readonly concurrency_limit?: number;
}

/** Which lease: `true` as it was given, `check`, `attempt` or `key` with that part forged. */
export type Forgery = "true" | "check" | "attempt" | "key";

export type Command =
  | {
      readonly do: "create";
      readonly tasks: readonly TaskSpec[];
      /** `fan`: all others wait for the first. `chain`: each for the one before it. `tree`: a fan behind the first. */
      readonly shape: "free" | "fan" | "chain" | "tree";
      readonly join?: number;
      /** Under which lease: the tasks become children of its task. */
      readonly lease?: number;
      readonly key?: number;
    }
  | {
      readonly do: "poll";
      readonly agent: number;
      readonly max_tasks: number;
      readonly lease_seconds: number;
      readonly wait_ms: number;
      /** `goes on`: not the first poll of its wait, and it may be woken. */
      readonly wait?: "begins" | "goes on";
      readonly capabilities?: readonly string[];
      readonly change?: "key" | "type" | "no type";
      /** Which of a few processes speaks for the agent; none says so where absent. */
      readonly instance?: number;
    }
  /** The agent polls, listens, polls again and sleeps; `hears`: until it goes away, as far as the server knows. */
  | {
      readonly do: "sleep";
      readonly agent: number;
      readonly max_tasks: number;
      readonly capabilities?: readonly string[];
      readonly hears: boolean;
    }
  | {
      readonly do: "beat";
      readonly lease: number;
      readonly forgery: Forgery;
      readonly progress?: number;
      readonly message?: string;
    }
  | {
      readonly do: "submit";
      readonly lease: number;
      readonly forgery: Forgery;
      readonly status: "completed" | "failed" | "released" | "waiting" | "needs_input";
      readonly category: Category;
      readonly code?: string;
      readonly retry_after_ms: number;
      readonly result: string;
      readonly usage?: readonly (readonly [string, number])[];
      /** Whether the caller has found that the result fits. */
      readonly checked: boolean;
      /** Of a verdict. */
      readonly passed: boolean;
      readonly poll_next: boolean;
    }
  | {
      readonly do: "control";
      readonly action: Control["action"];
      /** `fit`: a task that the action is meant for. */
      readonly target: "fit" | "task" | "tasks" | "code";
      readonly pick: number;
      readonly priority: number;
      /** Which of the caller's idempotency keys. */
      readonly key?: number;
      /** Promotion: what the caller has found about the late results of tasks with a schema. */
      readonly late: "fit" | "unfit" | "unknown";
      readonly changes?: "deadline" | "no backoff" | "payload";
    }
  /** Begins to stage a workflow. */
  | {
      readonly do: "stage";
      readonly tasks: readonly TaskSpec[];
      readonly shape: "free" | "fan" | "chain" | "tree";
      readonly key?: number;
    }
  /** Sends the next batch of one that was begun, or launches it; `early`: launches it whatever was sent. */
  | { readonly do: "stage on"; readonly pick: number; readonly early: boolean }
  | { readonly do: "cancel run"; readonly pick: number }
  | {
      readonly do: "write";
      readonly name: number;
      readonly scope?: number;
      readonly version?: "right" | "wrong" | "none";
      readonly ttl_seconds?: number;
      readonly lease?: number;
      readonly key?: number;
    }
  | { readonly do: "read state"; readonly name?: number; readonly lease?: number }
  | {
      readonly do: "look";
      readonly at: "record" | "letters" | "agents" | "breakers" | "wait" | "why" | "schedules";
      readonly pick: number;
    }
  | {
      readonly do: "force";
      readonly breaker: "type" | "agent";
      readonly pick: number;
      readonly state?: "open" | "closed";
    }
  | {
      readonly do: "tick";
      readonly which: "armed" | "old" | "watchdog";
      readonly limit: number;
      readonly last: boolean;
      readonly resend: boolean;
    }
  /** A workflow for the calendar, each task of which waits for the one before it. */
  | {
      readonly do: "schedule";
      readonly cron: number;
      readonly on_overlap?: "skip" | "queue";
      readonly tasks: readonly TaskSpec[];
      readonly key?: number;
    }
  /** The next step of making a schedule's run, or with `anew` the first of a further try. */
  | { readonly do: "fire"; readonly pick: number; readonly anew: boolean; readonly last: boolean }
  | { readonly do: "unschedule"; readonly pick: number }
  /** QStash has accepted the tick that was armed last. */
  | { readonly do: "sent" }
  /** After so many days in which nobody called. `cut`: the Worker dies between the two halves. */
  | { readonly do: "retire"; readonly days: number; readonly cut: boolean }
  | { readonly do: "pass"; readonly ms: number }
  /** To the next timer, or just beside it. */
  | { readonly do: "pass to timer"; readonly offset: number }
  /** The same call once more, as after a lost reply, at any later time; `anew`: under another operation id. */
  | { readonly do: "resend"; readonly call: number; readonly anew: boolean }
  /** An agent forgets what it holds, and polls. */
  | { readonly do: "restart"; readonly agent: number };

/** How a sequence ends: with everything due brought about in one way alone, or with everything removed. */
export const ENDINGS = ["none", "ticks", "watchdog", "traffic", "removal"] as const;

export type Ending = (typeof ENDINGS)[number];
