/**
 * The record of a task and of its run, as stored: the truth from which every index can be rebuilt. Field names are the
 * same in Lua, TypeScript and JSON. Times are integer milliseconds of Redis' clock. What agents wrote (description,
 * context, result, error) is never decoded in Lua: it lies beside the record or inside it as JSON text.
 */
import * as z from "zod";
import { retryPolicy } from "./failure.ts";
import { MOVES, type Status, STATUSES, TRIGGER_RULES } from "./lifecycle.ts";

/**
 * How an attempt ends. `timed_out`: it ran as long as it may. `voided`: by cancel, redrive or promotion. `replaced`:
 * another process took over as its agent. `waiting`: given back until its children end. `needs_input`: given back until
 * its question is answered.
 */
const LEASE_ENDS = [
  "expired",
  "timed_out",
  "replaced",
  "released",
  "completed",
  "failed",
  "needs_input",
  "waiting",
  "voided",
] as const;

/** Who holds, or last held, the task. `ended` says why it no longer counts; while it is absent the lease is live. */
const leaseRecord = z.strictObject({
  check: z.string(),
  agent_id: z.string(),
  /** The key that got the lease: it works with no other. */
  key_id: z.string(),
  since: z.int(),
  until_ms: z.int(),
  seconds: z.int(),
  /** True once its holder has called with it: a worker that was never heard of again may have died of the task. */
  alive: z.boolean().optional(),
  /** It probes for a breaker, and has neither answered nor outlived its time to answer. */
  probe: z.literal(true).optional(),
  /** It is shorter than it would be if it did not probe. */
  shortened: z.literal(true).optional(),
  ended: z.enum(LEASE_ENDS).optional(),
});

const attemptRecord = z.strictObject({
  attempt: z.int(),
  check: z.string(),
  agent_id: z.string(),
  key_id: z.string(),
  since: z.int(),
  ended_at: z.int(),
  outcome: z.enum(LEASE_ENDS),
  /** The status that the submit was answered with: the same submit again gets it again. */
  answer: z.enum(STATUSES).optional(),
  /** JSON text of the error of a failed attempt. */
  error: z.string().optional(),
  /** What its last heartbeat said. */
  message: z.string().optional(),
});

const dependencyRecord = z.strictObject({
  task_id: z.string(),
  /** The name under which the dependency's result appears in `inputs`; the task id where absent. */
  key: z.string().optional(),
  /** Set once the edge has latched: the status in which the dependency ended. */
  ended: z.enum(["completed", "failed", "cancelled", "skipped"]).optional(),
  /** Where a result over the inline size lies. */
  result_blob: z.string().optional(),
});

/** Sums by name, such as `input_tokens` and `cost_usd`. */
const usage = z.record(z.string(), z.number());

const answerRecord = z.strictObject({ question: z.string(), answer: z.string() });

/** What an orchestrator or a person told whoever works on the task. */
const messageRecord = z.strictObject({
  text: z.string(),
  at: z.int(),
  /** When the worker of the current attempt was first told; absent until then. */
  shown_at: z.int().optional(),
});

/** What a task may delegate: to whom, how many levels below it, and how many tasks in all of them together. */
const delegationGrant = z.strictObject({
  /** Any type where absent. */
  agent_types: z.array(z.string()).optional(),
  max_depth: z.int(),
  max_tasks: z.int(),
});

export type DelegationGrant = z.infer<typeof delegationGrant>;

const reviewRecord = z.strictObject({
  agent_type: z.string(),
  /** The lane of its reviews. */
  lane: z.int(),
  /** A score below it does not pass. */
  threshold: z.number(),
  max_rounds: z.int(),
});

export const taskRecord = z.strictObject({
  task_id: z.string(),
  title: z.string(),
  agent_type: z.string(),
  requires: z.array(z.string()).optional(),
  assignee: z.string().optional(),
  priority: z.int(),
  status: z.enum(STATUSES),
  created_at: z.int(),
  created_by: z.string(),
  /** Not before then: a start time, or the end of a retry's pause. */
  start_at: z.int().optional(),
  /** Failed if it is never claimed for so long. */
  start_within_seconds: z.int().optional(),
  /** Failed if it has not ended by then. */
  deadline: z.int().optional(),
  retry: retryPolicy.optional(),
  /** Attempts used up since it was created or last retried by hand. */
  failures: z.int().optional(),
  /** Attempts that ended because the other side asked to slow down. */
  rate_limits: z.int().optional(),
  /** Leases lost in a row without any sign of life after the claim. */
  lost: z.int().optional(),
  lease_seconds: z.int().optional(),
  max_run_seconds: z.int().optional(),
  /** Held only while it runs, all or none: names, or paths where `src/` covers all below it. */
  locks: z.array(z.string()).optional(),
  /** So many tasks with this key run at once; 1 where no limit is given. Each claim judges by its own limit. */
  concurrency_key: z.string().optional(),
  concurrency_limit: z.int().optional(),
  /** The node of the lock table that keeps it from being claimed: it stays ready, and stands in the twin of its lane. */
  parked: z.string().optional(),
  /** Place within its lane; absent until first ready. */
  order: z.int().optional(),
  ready_at: z.int().optional(),
  lane: z.int(),
  attempt: z.int(),
  lease: leaseRecord.optional(),
  attempts: z.array(attemptRecord).optional(),
  dependencies: z.array(dependencyRecord).optional(),
  /** Dependencies that have not ended yet. */
  open_dependencies: z.int().optional(),
  /** True when other tasks wait for this one. */
  has_dependents: z.boolean().optional(),
  /** Absent for `all_success`. */
  trigger_rule: z.enum(TRIGGER_RULES).exclude(["all_success"]).optional(),
  /** The dependency that its trigger rule did not accept; absent where it waited for a failure that did not come. */
  skipped_because: z.string().optional(),
  /** The task whose holder created it; the same run. */
  parent: z.string().optional(),
  /** Its parent, the parent of that one and so on, the outermost first. */
  ancestors: z.array(z.string()).optional(),
  /** Absent: what every task may delegate. */
  delegation: delegationGrant.optional(),
  /** Tasks ever created below it, at every level. */
  delegated: z.int().optional(),
  children: z.array(z.string()).optional(),
  /** Children that have not ended, without those that run alone. */
  open_children: z.int().optional(),
  /** How many of its children had ended when it was last resumed: their results were handed out then. */
  children_seen: z.int().optional(),
  /** True for a child that was retried when its parent had resumed or ended: nobody waits for it. */
  alone: z.boolean().optional(),
  /** The task whose result it judges; the same run. */
  reviews: z.string().optional(),
  /** What a suspended task waits for. */
  suspended_for: z.enum(["children", "answer"]).optional(),
  /** The question that a task suspended for an answer waits with. */
  question: z.string().optional(),
  /** Questions that were answered, the last few, the latest last. */
  answers: z.array(answerRecord).optional(),
  /** The last few, the latest last. */
  messages: z.array(messageRecord).optional(),
  /** The agent that it never goes to: nobody judges what it has made. */
  not_by: z.string().optional(),
  /** Its result has to pass a review. The criteria lie beside the record. */
  review: reviewRecord.optional(),
  /** Reviews asked for since it was created, last retried by hand, or had a late result promoted. */
  round: z.int().optional(),
  /** The review that it waits for. */
  review_task: z.string().optional(),
  /** Reviews that sent it back, whose verdicts are kept beside the record. */
  verdicts: z.array(z.string()).optional(),
  /** The agent that goes first until then: the one that worked on it before. */
  prefer: z.strictObject({ agent_id: z.string(), until_ms: z.int() }).optional(),
  /** Where following its edges goes on: the last dependent that was reached. */
  edges_after: z.string().optional(),
  payload_bytes: z.int(),
  payload_blob: z.string().optional(),
  result_bytes: z.int().optional(),
  result_blob: z.string().optional(),
  /** JSON text of the last error. */
  error: z.string().optional(),
  /** What dead letters are grouped by: the error's code, else its category. */
  error_code: z.string().optional(),
  /** A dead letter that somebody has dealt with, and what they noted. */
  discarded_at: z.int().optional(),
  note: z.string().optional(),
  progress: z.int().optional(),
  message: z.string().optional(),
  /** True when its result has to fit the schema beside the record. */
  has_schema: z.boolean().optional(),
  /** True when a released attempt left notes beside the record. */
  has_notes: z.boolean().optional(),
  /** The agent that released it last: others go first until then. */
  avoid: z.strictObject({ agent_id: z.string(), until_ms: z.int() }).optional(),
  /** Attempts whose late results are kept beside the record. */
  late_results: z.array(z.int()).optional(),
  /** The last attempt whose late result was promoted. */
  promoted: z.int().optional(),
  /** Blobs that held an earlier input or an earlier late result. */
  outdated_blobs: z.array(z.string()).optional(),
  ended_at: z.int().optional(),
  /** True until it has been put in its place: it was staged with a large workflow. */
  staged: z.boolean().optional(),
  /** True from the moment its removal has begun: nothing takes that back. */
  retiring: z.boolean().optional(),
  /** What its workers say that they used up, over all attempts. */
  usage: usage.optional(),
  /** The caller's key for the call that made it, kept as long as the task. */
  idempotency_key: z.string().optional(),
});

export const runRecord = z.strictObject({
  run_id: z.string(),
  name: z.string().optional(),
  /** The schedule that made it. */
  schedule: z.string().optional(),
  status: z.enum(["active", "completed", "failed", "cancelled"]),
  created_at: z.int(),
  created_by: z.string(),
  /** Tasks ever created in it: the number of the newest one. */
  tasks: z.int(),
  open: z.int(),
  running: z.int(),
  /** Tasks that wait for a verdict; absent where there are none. */
  in_review: z.int().optional(),
  /** Failed tasks that decide how the run ends. */
  failed: z.int(),
  /** All tasks that have ended, by how. */
  counts: z.strictObject({
    completed: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    skipped: z.int(),
  }),
  /** Of all tasks ever created in it. */
  agent_types: z.array(z.string()),
  /** How many changes there were that somebody may wait for. */
  seq: z.int().optional(),
  /** The last of them: `<task number> <kind>`, the newest with the number `seq`. */
  recent: z.array(z.string()).optional(),
  /** The last of those that need somebody, which must not be forgotten among the others: `<number> <task number> <kind>`. */
  needs: z.array(z.string()).optional(),
  /** Until when somebody waits for such a change, and is to be told of it. */
  watched_until: z.int().optional(),
  usage: usage.optional(),
  /** True from the moment the whole run was cancelled. */
  cancelled: z.boolean().optional(),
  /** How many tasks of a workflow that was staged have been put in their places; absent once all have. */
  activated: z.int().optional(),
  /** The highest number of a task that cancelling it has not looked at; absent once all have ended. */
  cancel_from: z.int().optional(),
  /** Tasks removed after their retention: with the last one the run goes too. */
  removed: z.int().optional(),
  ended_at: z.int().optional(),
});

/** Whether its run fails with it: a child's parent answers for the child, and a review says nothing about the run. */
export function decides({ parent, reviews }: TaskRecord): boolean {
  return parent === undefined && reviews === undefined;
}

/** It has a late result that somebody may still take, and has not taken. */
export function awaitsPromotion(task: TaskRecord): boolean {
  const { late_results = [], promoted, review, reviews, status, discarded_at } = task;
  const last = late_results.at(-1);
  const from: readonly Status[] = MOVES[review ? "promote_to_review" : "promote"].from;
  const dealtWith = last === undefined || last === promoted || discarded_at !== undefined;
  return !dealtWith && reviews === undefined && from.includes(status);
}

export type AttemptRecord = z.infer<typeof attemptRecord>;
export type DependencyRecord = z.infer<typeof dependencyRecord>;
export type TaskRecord = z.infer<typeof taskRecord>;
export type RunRecord = z.infer<typeof runRecord>;
