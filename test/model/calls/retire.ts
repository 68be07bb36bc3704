/** The model of retention: what has been kept for long enough goes, together with every index entry that names it. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type RunRecord, type TaskRecord } from "../../../src/domain/task.ts";
import { leaveLanes } from "../making.ts";
import { tidy } from "../tidy.ts";
import { keptFor, memberOf, runOf, type Staging, type World } from "../world.ts";

/** Returns how many tasks it worked on. `cut`: the Worker dies between the two halves. */
export function retire(world: World, { cut }: { readonly cut: boolean }): number | "cut" {
  tidy(world);
  const next = nextDue(world);
  const due = next.flatMap((id) => taskToGo(world, id) ?? []);
  for (const task of due) task.retiring = true;
  const stale = next.flatMap((id) => world.stagings.get(id) ?? []);
  const abandoned = stale.flatMap(abandon);
  const count = due.length + abandoned.length;
  if (cut && count > 0) return "cut";
  removeAll(world, due);
  for (const [staging, task_id] of abandoned) forgetStaged(world, { staging, task_id });
  return count;
}

/** The first few whose time seems to have come: tasks, and workflows whose staging nobody went on with. */
function nextDue(world: World): string[] {
  const tasks = [...world.removals].map(([id, at]) => ({ id, at, member: memberOf(id) }));
  const stagings = [...world.stagings].map(([id, { at }]) => ({ id, at, member: `staging:${id}` }));
  return [...tasks, ...stagings]
    .filter(({ at }) => at <= world.now)
    .toSorted((a, b) => a.at - b.at || (a.member < b.member ? -1 : 1))
    .slice(0, LIMITS.removals_per_step)
    .map(({ id }) => id);
}

function taskToGo(world: World, id: string): TaskRecord | undefined {
  if (world.stagings.has(id)) return undefined;
  const task = world.tasks.get(id);
  if (!task) throw new Error(`the model removes ${id}, which is not there`);
  return mayGo(world, task) ? task : undefined;
}

/** Nobody goes on with it any more; its last tasks go first. */
function abandon(staging: Staging): [Staging, string][] {
  const { record } = staging;
  record.abandoned = true;
  const count = Math.min(record.staged, LIMITS.removals_per_step);
  return Array.from({ length: count }, (_, index) => [
    staging,
    `${record.run_id}t${record.staged - index}`,
  ]);
}

function forgetStaged(
  world: World,
  { staging: { record, tasks }, task_id }: { staging: Staging; task_id: string },
): void {
  const task = tasks.get(task_id);
  if (task) leaveLanes(world, task);
  tasks.delete(task_id);
  forgetTexts(world, task_id);
  record.staged -= 1;
  if (record.staged > 0) return;
  world.stagings.delete(record.run_id);
  const { idempotency_key: key, run_id } = record;
  // Its key may be that of a later call by now.
  if (key !== undefined && world.idempotency.get(key)?.run_id === run_id) {
    world.idempotency.delete(key);
  }
}

/** Puts it further back if its run went on. What was marked once stays so. */
function mayGo(world: World, task: TaskRecord): boolean {
  if (task.retiring) return true;
  const until = keptUntil(world, task);
  // Who waits for it must hear of its end first.
  if (until <= world.now) return !world.pending.has(task.task_id);
  world.removals.set(task.task_id, until);
  return false;
}

/** The tasks of a run are kept together until some time after its end, dead letters that nobody dealt with longer. */
function keptUntil(world: World, task: TaskRecord): number {
  const run = runOf(world, task);
  if (run.ended_at === undefined) return world.now + LIMITS.run_kept_ms;
  const own = task.discarded_at === undefined ? keptFor(task) : 0;
  return Math.max(run.ended_at + LIMITS.run_kept_ms, (task.ended_at ?? 0) + own);
}

/** So many edges go in one step; a task whose batch was full waits for the next. */
function removeAll(world: World, due: readonly TaskRecord[]): void {
  // As they stood when the step began.
  const edges = [...world.edges].toSorted();
  let budget = LIMITS.edges_per_call;
  for (const task of due) {
    if (task.has_dependents) {
      const own = edges.filter((edge) => edge.startsWith(`${task.task_id}|`)).slice(0, budget);
      for (const edge of own) world.edges.delete(edge);
      budget -= own.length;
      if (budget === 0) continue;
    }
    forget(world, task);
  }
}

function forget(world: World, task: TaskRecord): void {
  const { task_id, idempotency_key } = task;
  for (const dependency of task.dependencies ?? []) {
    world.edges.delete(`${dependency.task_id}|${task_id}`);
  }
  if (idempotency_key !== undefined) world.idempotency.delete(idempotency_key);
  forgetTexts(world, task_id);
  leaveLanes(world, task);
  const run = runOf(world, task);
  world.tasks.delete(task_id);
  world.removals.delete(task_id);
  run.removed = (run.removed ?? 0) + 1;
  if (run.removed === run.tasks) forgetRun(world, run);
}

function forgetTexts(world: World, task_id: string): void {
  for (const name of world.texts.keys()) {
    if (name.startsWith(`${task_id}:`)) world.texts.delete(name);
  }
}

function forgetRun(world: World, { run_id }: RunRecord): void {
  world.runs.delete(run_id);
  for (const name of world.state.keys()) {
    if (!name.startsWith(`${run_id}/`)) continue;
    world.state.delete(name);
    world.stateTimers.delete(name);
  }
}
