/** The model's dependency edges: what the end of a task, or taking it back, does to those that wait for it. */
import { isTerminal, type TerminalStatus } from "../../src/domain/lifecycle.ts";
import { type DependencyRecord, type TaskRecord } from "../../src/domain/task.ts";
import { endAsCancelled, endTask, isDoomed, makeReady, move, reopenTask } from "./lifecycle.ts";
import { type World } from "./world.ts";

/** How many edges one call may still follow. */
export interface Budget {
  edges: number;
}

/** From the start: the task's fate changed. */
export function followAnew(world: World, task: TaskRecord): void {
  delete task.edges_after;
  follow({ world, task }, world.edgesLeft);
}

/** Goes on where an earlier call stopped, and then with those that were skipped or revived thereby. */
export function follow({ world, task }: { world: World; task: TaskRecord }, budget: Budget): void {
  const queue = [task];
  for (let source = queue.shift(); source; source = queue.shift()) {
    if (!source.has_dependents) continue;
    const limit = Math.max(0, budget.edges);
    const reached = next({ world, source }, limit);
    for (const task_id of reached) {
      const task = world.tasks.get(task_id);
      if (!task || !resolve({ world, task, source })) continue;
      // Its own edges are followed from the start, whatever was told to its dependents before.
      delete task.edges_after;
      queue.push(task);
    }
    budget.edges -= reached.length;
    if (reached.length < limit) {
      delete source.edges_after;
      if (isOver(source)) delete source.has_dependents;
      world.pending.delete(source.task_id);
    } else {
      const last = reached.at(-1);
      if (last !== undefined) source.edges_after = last;
      world.pending.set(source.task_id, world.now);
    }
  }
}

/** Completed tasks stay so: their edges go. A dead letter may be retried, a cancelled task's late result promoted. */
function isOver({ status }: TaskRecord): boolean {
  return status === "completed";
}

function next({ world, source }: { world: World; source: TaskRecord }, limit: number): string[] {
  const prefix = `${source.task_id}|`;
  const reached = [...world.edges]
    .filter((edge) => edge.startsWith(prefix))
    .map((edge) => edge.slice(prefix.length))
    .toSorted()
    .filter((task_id) => source.edges_after === undefined || task_id > source.edges_after)
    .slice(0, limit);
  if (isOver(source)) for (const task_id of reached) world.edges.delete(prefix + task_id);
  return reached;
}

/** Returns whether the task became skipped, or is no longer. */
function resolve({
  world,
  task,
  source,
}: {
  world: World;
  task: TaskRecord;
  source: TaskRecord;
}): boolean {
  if (task.retiring || (task.status !== "blocked" && task.status !== "skipped")) return false;
  settle(task, source);
  if (isDoomed(world, task)) {
    endAsCancelled(world, task);
    return true;
  }
  const { verdict, because } = verdictOf(task);
  if (verdict === "skip") {
    const becomes = task.status === "blocked";
    if (becomes) skip(world, task);
    if (because === undefined) delete task.skipped_because;
    else task.skipped_because = because;
    return becomes;
  }
  const revived = task.status === "skipped";
  if (revived) {
    reopenTask(world, task);
    move(world, task, "revive");
    delete task.skipped_because;
    if (isDoomed(world, task)) {
      endAsCancelled(world, task);
      return true;
    }
  }
  if (verdict === "run") unblock(world, task);
  return revived;
}

/** What runs already listens to nothing any more. */
export function listen(world: World, task: TaskRecord): void {
  if (task.status !== "blocked" && task.status !== "skipped") return;
  for (const { task_id, ended } of task.dependencies ?? []) {
    const source = world.tasks.get(task_id);
    if (!source || ended === "completed") continue;
    world.edges.add(`${task_id}|${task.task_id}`);
    source.has_dependents = true;
  }
}

/** As they are now; one that was removed meanwhile is as it was noted. */
export function dependenciesNow(
  { tasks }: World,
  dependencies: readonly DependencyRecord[],
): DependencyRecord[] {
  return dependencies.map(({ ended: noted, ...dependency }) => {
    const source = tasks.get(dependency.task_id);
    const ended = source ? endOf(source) : noted;
    return { ...dependency, ...(ended !== undefined && { ended }) };
  });
}

export interface Verdict {
  readonly verdict: "run" | "wait" | "skip";
  /** The dependency that it is skipped because of. */
  readonly because?: string;
}

/** What the task's trigger rule makes of how its dependencies ended so far. */
export function verdictOf({
  dependencies,
  trigger_rule,
}: Pick<TaskRecord, "dependencies" | "trigger_rule">): Verdict {
  if (!dependencies || dependencies.length === 0) return { verdict: "run" };
  const open = dependencies.some(({ ended }) => ended === undefined);
  const unmet = dependencies.find(({ ended }) => ended !== undefined && ended !== "completed");
  const orRun = open ? "wait" : "run";
  switch (trigger_rule) {
    case "all_done":
      return { verdict: orRun };
    case "one_failed": {
      const failed = dependencies.some(({ ended }) => ended === "failed");
      return { verdict: failed ? "run" : open ? "wait" : "skip" };
    }
    default:
      return unmet ? { verdict: "skip", because: unmet.task_id } : { verdict: orRun };
  }
}

export function skip(world: World, task: TaskRecord): void {
  move(world, task, "skip");
  world.facts.push(`task.skipped ${task.task_id}`);
  endTask(world, task);
}

function settle(task: TaskRecord, source: TaskRecord): void {
  for (const dependency of task.dependencies ?? []) {
    if (dependency.task_id !== source.task_id) continue;
    if (endOf(source) === undefined) delete dependency.ended;
    else Object.assign(dependency, { ended: endOf(source) });
  }
  task.open_dependencies = (task.dependencies ?? []).filter(({ ended }) => !ended).length;
}

function endOf({ status }: TaskRecord): TerminalStatus | undefined {
  return isTerminal(status) ? status : undefined;
}

export function unblock(world: World, task: TaskRecord): void {
  if ((task.start_at ?? 0) > world.now) {
    move(world, task, "postpone");
    return;
  }
  move(world, task, "unblock");
  world.facts.push(`task.ready ${task.task_id}`);
  makeReady(world, task);
}
