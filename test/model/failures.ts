/** What the model does with failed and lost attempts: another one after a pause, or a dead letter. */
import { createHash } from "node:crypto";
import { CATEGORIES, type Category, DEFAULT_RETRY } from "../../src/domain/failure.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { noteOutcome } from "./breakers.ts";
import { followAnew } from "./edges.ts";
import {
  closeAttempt,
  endTask,
  lastMoment,
  leaseOf,
  makeReady,
  move,
  voidLease,
} from "./lifecycle.ts";
import { type World } from "./world.ts";

export interface Failure {
  readonly category: Category;
  readonly code: string;
  /** Milliseconds that the other side asked to wait at least. */
  readonly floor_ms: number;
}

/** After a failed attempt that was closed. */
export function followFailure(
  { world, task }: { world: World; task: TaskRecord },
  failure: Failure,
): void {
  noteOutcome({ world, task }, CATEGORIES[failure.category].tripping ? "bad" : "neutral");
  const at = nextAttempt({ world, task }, failure);
  if (at === undefined) {
    die({ world, task }, failure.code);
    return;
  }
  move(world, task, "retry");
  task.start_at = at;
  world.facts.push(`task.retry_scheduled ${task.task_id}`);
}

function nextAttempt(
  { world, task }: { world: World; task: TaskRecord },
  { category, floor_ms }: Failure,
): number | undefined {
  const { counted, retried } = CATEGORIES[category];
  const max_attempts = task.retry?.max_attempts ?? DEFAULT_RETRY.max_attempts;
  const field = counted ? "failures" : "rate_limits";
  const nth = (task[field] ?? 0) + 1;
  task[field] = nth;
  if (!retried) return undefined;
  if (counted ? nth >= max_attempts : nth > LIMITS.rate_limits) return undefined;
  const at = world.now + Math.max(backoffMs(task, nth), floor_ms);
  return task.deadline !== undefined && at >= task.deadline ? undefined : at;
}

/** Exponential; full jitter takes a share of it that depends on nothing but the lease. */
function backoffMs(task: TaskRecord, nth: number): number {
  const {
    initial_seconds = DEFAULT_RETRY.initial_seconds,
    factor = DEFAULT_RETRY.factor,
    max_seconds = DEFAULT_RETRY.max_seconds,
    jitter = DEFAULT_RETRY.jitter,
  } = task.retry ?? {};
  const full = Math.min(max_seconds * 1000, initial_seconds * 1000 * factor ** (nth - 1));
  if (jitter === "none") return Math.floor(full);
  const digest = createHash("sha1").update(leaseOf(task).check).digest();
  return Math.floor((full * digest.readUInt32BE(0)) / 2 ** 32);
}

/** No attempt follows. */
export function die({ world, task }: { world: World; task: TaskRecord }, code: string): void {
  move(world, task, "fail");
  task.error_code = code;
  world.facts.push(`task.failed ${task.task_id}`);
  endTask(world, task);
  followAnew(world, task);
}

/** The lease ran out, or its holder was replaced. */
export function lose(
  { world, task }: { world: World; task: TaskRecord },
  how: "expired" | "replaced",
): void {
  const lease = leaseOf(task);
  world.facts.push(`task.lease_lost ${task.task_id}`);
  task.lost = lease.alive ? 0 : (task.lost ?? 0) + (lease.shortened ? 0 : 1);
  if (how === "expired" && lease.until_ms >= lastMoment(task)) {
    task.error = errorText("It ran as long as one attempt may (max_run_seconds).", "max_run");
    closeAttempt({ world, task }, "timed_out");
    followFailure({ world, task }, { category: "timeout", code: "max_run", floor_ms: 0 });
    return;
  }
  const poison = task.lost >= LIMITS.lost_in_a_row;
  if (poison) {
    task.error = `{"message":"Its workers were lost without a word, three times in a row.","code":"poison"}`;
  }
  closeAttempt({ world, task }, how);
  noteOutcome({ world, task }, "bad");
  if (poison) {
    die({ world, task }, "poison");
    return;
  }
  move(world, task, "expire");
  makeReady(world, task);
}

/** A time limit of the whole task passed. */
export function miss(
  { world, task }: { world: World; task: TaskRecord },
  code: "deadline" | "start_timeout",
): void {
  voidLease(world, task);
  task.error = errorText(
    code === "deadline"
      ? "Its deadline passed."
      : "Nobody claimed it in time (start_within_seconds).",
    code,
  );
  die({ world, task }, code);
}

function errorText(message: string, code: string): string {
  return JSON.stringify({ message, category: "timeout", code });
}
