/** The model's moves of a task, and what the end of a task, or taking it back, means for its run. */
import { wake } from "./waiters.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal, type Move, MOVES, type MoveName } from "../../src/domain/lifecycle.ts";
import { claimOrder } from "../../src/domain/order.ts";
import { type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { returnProbe } from "./breakers.ts";
import { countEnd, noteChange } from "./runs.ts";
import { keptFor, runOf, type World } from "./world.ts";

export function may(task: TaskRecord, name: MoveName): boolean {
  const { from }: Move = MOVES[name];
  return from.includes(task.status);
}

/** Call it before anything else of the task changes that its new status brings along. */
export function move(world: World, task: TaskRecord, name: MoveName): void {
  if (!may(task, name))
    throw new Error(`the model moves ${task.task_id}: ${name} from ${task.status}`);
  const before = task.status;
  task.status = MOVES[name].to;
  for (const follow of world.whenMoved) follow(world, task, before);
}

export function makeReady(world: World, task: TaskRecord): void {
  task.ready_at = world.now;
  task.order ??= claimOrder(world.now, task.priority);
  wake(world, task);
}

/** From the moment a run was marked until its last task has ended. */
export function beingCancelled({ cancelled, status }: RunRecord): boolean {
  return cancelled === true && status === "active";
}

export function stopActivating(world: World, run: RunRecord): void {
  delete run.activated;
  world.activating.delete(run.run_id);
}

/** Its run is being cancelled: whatever touches it cancels it. */
export function isDoomed(world: World, task: TaskRecord): boolean {
  return !isTerminal(task.status) && beingCancelled(runOf(world, task));
}

/** Its dependents are not told yet. */
export function endAsCancelled(world: World, task: TaskRecord): void {
  move(world, task, "cancel");
  world.facts.push(`task.cancelled ${task.task_id}`);
  voidLease(world, task);
  endTask(world, task);
}

/** Call it after the move to a terminal status. */
export function endTask(world: World, task: TaskRecord): void {
  const run = runOf(world, task);
  countEnd(run, task, 1);
  noteChange(world, task, task.status);
  task.ended_at = world.now;
  delete task.progress;
  delete task.staged;
  world.removals.set(task.task_id, world.now + keptFor(task));
  if (run.open > 0) return;
  run.status = run.cancelled ? "cancelled" : run.failed > 0 ? "failed" : "completed";
  run.ended_at = world.now;
  // Its schedule may have come due meanwhile.
  if (run.schedule !== undefined) world.cronTimers.set(run.schedule, world.now);
  stopActivating(world, run);
  delete run.cancel_from;
  world.cancelling.delete(run.run_id);
  world.facts.push(`run.${run.status} ${run.run_id}`);
}

/** Call it before the move away from a terminal status. */
export function reopenTask(world: World, task: TaskRecord): void {
  const run = runOf(world, task);
  countEnd(run, task, -1);
  delete task.ended_at;
  world.removals.delete(task.task_id);
  if (run.status === "active") return;
  run.status = "active";
  delete run.ended_at;
  delete run.cancelled;
  world.facts.push(`run.reopened ${run.run_id}`);
}

/** The last moment of the current attempt, however often its lease is renewed. */
export function lastMoment(task: TaskRecord): number {
  const since = leaseOf(task).since;
  return since + (task.max_run_seconds ?? LIMITS.max_run_seconds_default) * 1000;
}

export type Lease = NonNullable<TaskRecord["lease"]>;

export function leaseOf(task: TaskRecord): Lease {
  if (!task.lease) throw new Error(`the model needs a lease of ${task.task_id}`);
  return task.lease;
}

/** Writes the end of the current attempt into the history; an attempt stands there once, with its latest end. */
export function closeAttempt(
  { world, task }: { world: World; task: TaskRecord },
  outcome: NonNullable<Lease["ended"]>,
): void {
  const lease = leaseOf(task);
  lease.ended = outcome;
  const earlier = (task.attempts ?? []).filter(({ attempt }) => attempt !== task.attempt);
  const { check, agent_id, key_id, since } = lease;
  const ended = { attempt: task.attempt, check, agent_id, key_id, since };
  task.attempts = [
    ...earlier,
    {
      ...ended,
      ended_at: world.now,
      outcome,
      ...(outcome === "failed" && task.error !== undefined && { error: task.error }),
      ...(task.message !== undefined && { message: task.message }),
    },
  ].slice(-LIMITS.attempts_kept);
}

/** Somebody else's decision makes the lease worthless; what its holder submitted before stays as it was. */
export function voidLease(world: World, task: TaskRecord): void {
  const ended = task.lease?.ended;
  if (!task.lease || (ended !== undefined && ended !== "expired" && ended !== "timed_out")) return;
  returnProbe(world, task);
  closeAttempt({ world, task }, "voided");
}
