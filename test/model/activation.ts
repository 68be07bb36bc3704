/** The model of putting the tasks of a launched workflow in their places, some at a time. */
import { type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type Budget, dependenciesNow, follow, listen, skip, unblock, verdictOf } from "./edges.ts";
import { stopActivating } from "./lifecycle.ts";
import { type World } from "./world.ts";

/** Each task counts with its dependencies. */
export function activateBatch(
  { world, run }: { world: World; run: RunRecord },
  budget: Budget,
): void {
  const start = run.activated ?? 0;
  const chosen: TaskRecord[] = [];
  let number = start;
  while (budget.edges > 0 && number < run.tasks) {
    number += 1;
    budget.edges -= 1;
    const task = world.tasks.get(`${run.run_id}t${number}`);
    if (!task?.staged) continue;
    budget.edges -= task.dependencies?.length ?? 0;
    chosen.push(task);
  }
  for (const task of chosen) activate(world, task);
  if (run.activated !== undefined && number < run.tasks) {
    run.activated = number;
    world.activating.set(run.run_id, world.now);
  } else stopActivating(world, run);
  for (const task of chosen) {
    if (task.status === "skipped") follow({ world, task }, budget);
  }
}

function activate(world: World, task: TaskRecord): void {
  delete task.staged;
  if (task.dependencies) {
    task.dependencies = dependenciesNow(world, task.dependencies);
    task.open_dependencies = task.dependencies.filter(({ ended }) => !ended).length;
  }
  world.facts.push(`task.created ${task.task_id}`);
  const { verdict, because } = verdictOf(task);
  if (verdict === "skip") {
    skip(world, task);
    if (because !== undefined) task.skipped_because = because;
  } else if (verdict === "run") unblock(world, task);
  listen(world, task);
}
