/** What the model needs wherever tasks are made. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type DependencyRecord, type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type NewTask } from "../../src/store/store.ts";
import { grantOf } from "./delegation.ts";
import { type Lane, type World } from "./world.ts";

/** What is being removed is as good as gone. */
export function missingTasks(world: World, ids: readonly string[]): string[] {
  return ids.filter((id) => world.tasks.get(id)?.retiring ?? !world.tasks.has(id));
}

export function dependsOnReview(
  world: World,
  { upstream }: { readonly upstream: readonly string[] },
): object | undefined {
  const review = upstream.map((id) => world.tasks.get(id)).find((task) => task?.reviews);
  return review && { refused: "on_review", ids: [review.task_id, review.reviews] };
}

/** Anybody of that type, whatever the reviewed task requires. */
export function reviewersOf({ agent_type }: { readonly agent_type: string }): {
  agent_type: string;
} {
  return { agent_type };
}

/** What every new record has, whatever becomes of it. */
export function begunRecord(
  world: World,
  { task, task_id, created_by }: { task: NewTask; task_id: string; created_by: string },
): Omit<TaskRecord, "status"> {
  const { dependencies: _, delegation, review, ...rest } = task;
  return {
    ...rest,
    ...(delegation && { delegation: grantOf(delegation) }),
    task_id,
    created_at: world.now,
    created_by,
    attempt: 0,
    lane: laneOf(world.lanes, task),
    ...(review && { review: { ...review, lane: laneOf(world.lanes, reviewersOf(review)) } }),
  };
}

export function newRun(
  world: World,
  made: Pick<RunRecord, "run_id" | "name" | "schedule" | "created_by">,
): RunRecord {
  return {
    run_id: made.run_id,
    ...(made.name !== undefined && { name: made.name }),
    ...(made.schedule !== undefined && { schedule: made.schedule }),
    status: "active",
    created_at: world.now,
    created_by: made.created_by,
    tasks: 0,
    open: 0,
    running: 0,
    failed: 0,
    counts: { completed: 0, failed: 0, cancelled: 0, skipped: 0 },
    agent_types: [],
  };
}

/** The number of the task's lane, which is added where there is none. */
export function laneOf(
  lanes: Lane[],
  { agent_type, requires, assignee }: Pick<NewTask, "agent_type" | "requires" | "assignee">,
): number {
  const wanted = JSON.stringify([agent_type, requires, assignee]);
  const found = lanes.findIndex(
    (lane) => JSON.stringify([lane.agent_type, lane.requires, lane.assignee]) === wanted,
  );
  if (found >= 0) return found + 1;
  return lanes.push({
    agent_type,
    ...(requires && { requires }),
    ...(assignee !== undefined && { assignee }),
  });
}

export function edgeTo(source: TaskRecord | undefined, key: string | undefined): DependencyRecord {
  if (!source) throw new Error("a dependency comes after its dependent");
  return {
    ...(key !== undefined && { key }),
    task_id: source.task_id,
    ...(isTerminal(source.status) && { ended: source.status }),
  };
}
