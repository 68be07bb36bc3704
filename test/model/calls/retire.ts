/** The model of retention: what has been kept for long enough goes, together with every index entry that names it. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type RunRecord, type TaskRecord } from "../../../src/domain/task.ts";
import { keptFor, memberOf, runOf, type World } from "../world.ts";

/** Returns how many tasks went. */
export function retire(world: World): number {
  const due = step(world, new Set());
  if (due.length > 0) step(world, new Set(due));
  return due.length;
}

/** Looks at what is due; removes those that were named before, and returns the others that may go. */
function step(world: World, removable: ReadonlySet<string>): string[] {
  const due = [...world.removals]
    .filter(([, at]) => at <= world.now)
    .toSorted(([a, at], [b, bt]) => at - bt || (memberOf(a) < memberOf(b) ? -1 : 1))
    .slice(0, LIMITS.removals_per_step);
  const edges = [...world.edges].toSorted();
  const found: string[] = [];
  for (const [task_id] of due) {
    const task = world.tasks.get(task_id);
    if (!task) throw new Error(`the model removes ${task_id}, which is not there`);
    const until = keptUntil(world, task);
    if (until > world.now) world.removals.set(task_id, until);
    // Who waits for it must hear of its end first.
    else if (world.pending.has(task_id)) continue;
    else if (!removable.has(task_id)) found.push(task_id);
    else forget({ world, task }, edges);
  }
  return found;
}

/** The tasks of a run are kept together until some time after its end, dead letters that nobody dealt with longer. */
function keptUntil(world: World, task: TaskRecord): number {
  const run = runOf(world, task);
  if (run.ended_at === undefined) return world.now + LIMITS.run_kept_ms;
  const own = task.discarded_at === undefined ? keptFor(task) : 0;
  return Math.max(run.ended_at + LIMITS.run_kept_ms, (task.ended_at ?? 0) + own);
}

/** `edges`: as they stood when the step began. */
function forget(
  { world, task }: { world: World; task: TaskRecord },
  edges: readonly string[],
): void {
  const { task_id, idempotency_key } = task;
  const outgoing = edges.filter((edge) => edge.startsWith(`${task_id}|`));
  for (const edge of outgoing.slice(0, LIMITS.edges_per_call)) world.edges.delete(edge);
  if (outgoing.length >= LIMITS.edges_per_call) {
    // So many edges take more than one step.
    world.halfRemoved = true;
    return;
  }
  for (const dependency of task.dependencies ?? []) {
    world.edges.delete(`${dependency.task_id}|${task_id}`);
  }
  if (idempotency_key !== undefined) world.idempotency.delete(idempotency_key);
  for (const name of world.texts.keys()) {
    if (name.startsWith(`${task_id}:`)) world.texts.delete(name);
  }
  const run = runOf(world, task);
  world.tasks.delete(task_id);
  world.removals.delete(task_id);
  run.removed = (run.removed ?? 0) + 1;
  if (run.removed === run.tasks) forgetRun(world, run);
}

function forgetRun(world: World, { run_id }: RunRecord): void {
  world.runs.delete(run_id);
  for (const name of world.state.keys()) {
    if (name.startsWith(`${run_id}/`)) world.state.delete(name);
  }
}
