/** The model's look at the clock: a bounded number of due items, the earliest first. */
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { activateBatch } from "./activation.ts";
import { cancelBatch, cancelTask } from "./cancel.ts";
import { goOnCancelling } from "./children.ts";
import { type Budget, follow } from "./edges.ts";
import { lose, miss } from "./failures.ts";
import { isDoomed, leaseOf, makeReady, move } from "./lifecycle.ts";
import { lookAtWaiters } from "./locks.ts";
import { flush } from "./waiters.ts";
import { type Timer, timers, type World } from "./world.ts";

/** Returns how many items were due and handled. */
export function sweep(world: World, limit: number = LIMITS.sweep_per_call): number {
  const due = timers(world)
    .filter(({ at }) => at <= world.now)
    .slice(0, limit);
  if (due.length > 0) flush(world);
  const budget: Budget = { edges: LIMITS.edges_per_call };
  for (const timer of due) handle({ world, timer, budget });
  if (due.length > 0) flush(world);
  return due.length;
}

function handle({ world, timer, budget }: { world: World; timer: Timer; budget: Budget }): void {
  const { kind, subject } = timer;
  if (kind === "breaker") {
    world.breakerTimers.delete(subject);
    world.openedUp.push(subject);
    return;
  }
  if (kind === "cron") {
    world.due.push(subject);
    world.cronTimers.set(subject, world.now + LIMITS.cron_again_ms);
    return;
  }
  if (kind === "unpark") {
    lookAtWaiters(world, subject);
    return;
  }
  if (kind === "state") {
    expireEntry(world, subject);
    return;
  }
  if (kind === "activate") {
    const run = world.runs.get(subject);
    if (run?.activated === undefined) world.activating.delete(subject);
    else activateBatch({ world, run }, budget);
    return;
  }
  if (kind === "cancel") {
    const run = world.runs.get(subject);
    if (run?.cancel_from === undefined) world.cancelling.delete(subject);
    else {
      const count = Math.min(budget.edges, LIMITS.cancels_per_sweep);
      cancelBatch({ world, run, count }, budget);
    }
    return;
  }
  const task = world.tasks.get(subject);
  if (kind === "edges") {
    if (task?.has_dependents) follow({ world, task }, budget);
    else world.pending.delete(subject);
    return;
  }
  if (kind === "children") {
    goOnCancelling(world, task, subject);
    return;
  }
  // What was handled before in the same call may have ended or moved it.
  if (!task || isTerminal(task.status)) return;
  if (isDoomed(world, task)) cancelTask(world, task);
  else if (kind === "deadline") miss({ world, task }, "deadline");
  else if (kind === "start") missStart(world, task);
  else if (task.status === "running") expire(world, task);
  else if (task.status === "scheduled" && (task.start_at ?? 0) <= world.now) {
    move(world, task, "arrive");
    world.facts.push(`task.ready ${task.task_id}`);
    makeReady(world, task);
  }
}

function missStart(world: World, task: TaskRecord): void {
  if (task.status === "ready" && task.attempt === 0) miss({ world, task }, "start_timeout");
}

/** Returns whether the lease had run out. */
export function expire(world: World, task: TaskRecord): boolean {
  if (task.status !== "running" || leaseOf(task).until_ms > world.now) return false;
  lose({ world, task }, "expired");
  return true;
}

function expireEntry(world: World, name: string): void {
  const entry = world.state.get(name);
  world.stateTimers.delete(name);
  if (!entry || entry.expires === 0) return;
  if (entry.expires > world.now) world.stateTimers.set(name, entry.expires);
  else {
    world.state.delete(name);
    world.stateFloor = Math.max(world.stateFloor, entry.version);
  }
}
