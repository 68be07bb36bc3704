/** The model of cancelling: one task, or a run, of which one call reaches only some. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type Budget, follow, followAnew } from "./edges.ts";
import { endAsCancelled } from "./lifecycle.ts";
import { type World } from "./world.ts";

export function cancelTask(world: World, task: TaskRecord): void {
  endAsCancelled(world, task);
  followAnew(world, task);
}

/** Looks at the next tasks of the run, the later ones first; returns those that it cancelled. */
export function cancelBatch(
  { world, run, count }: { world: World; run: RunRecord; count: number },
  budget: Budget,
): TaskRecord[] {
  const last = run.cancel_from ?? 0;
  const looked = Math.max(0, Math.min(count, last));
  const open: TaskRecord[] = [];
  for (let number = last; number > last - looked; number--) {
    const task = world.tasks.get(`${run.run_id}t${number}`);
    if (!task || isTerminal(task.status)) continue;
    endAsCancelled(world, task);
    open.push(task);
  }
  if (run.cancel_from !== undefined && looked < last) {
    run.cancel_from = last - looked;
    world.cancelling.set(run.run_id, world.now);
  } else {
    delete run.cancel_from;
    world.cancelling.delete(run.run_id);
  }
  budget.edges -= looked;
  for (const task of open) {
    delete task.edges_after;
    follow({ world, task }, budget);
  }
  return open;
}
