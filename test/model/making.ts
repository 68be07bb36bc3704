/** What the model needs wherever tasks are made. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type DependencyRecord, type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type NewTask } from "../../src/store/creation.ts";
import { grantOf } from "./delegation.ts";
import { type World } from "./world.ts";

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
    lane: laneOf(world, task, 1),
    ...(review && { review: { ...review, lane: laneOf(world, reviewersOf(review), 1) } }),
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

/** What decides on a lane. */
export interface Routing {
  readonly agent_type: string;
  readonly requires?: readonly string[] | undefined;
  readonly assignee?: string | undefined;
}

function isLaneOf({ agent_type, requires, assignee }: Routing): (lane: Routing) => boolean {
  const wanted = JSON.stringify([agent_type, requires, assignee]);
  return (lane) => JSON.stringify([lane.agent_type, lane.requires, lane.assignee]) === wanted;
}

/** Whether so many new lanes as these need are left. */
export function haveRoom(
  { lanes, laneSeq, freeLanes }: World,
  wanted: readonly Routing[],
): boolean {
  const fresh: Routing[] = [];
  for (const routing of wanted) {
    if (![...lanes, ...fresh].some(isLaneOf(routing))) fresh.push(routing);
  }
  return fresh.length <= freeLanes.length + LIMITS.lanes - laneSeq;
}

/** The number of the task's lane, which is added where there is none, for so many more tasks. */
export function laneOf(world: World, routing: Routing, tasks: number): number {
  let lane = world.lanes.find(isLaneOf(routing));
  if (!lane) {
    const { agent_type, requires, assignee } = routing;
    lane = {
      id: world.freeLanes.shift() ?? ++world.laneSeq,
      agent_type,
      ...(requires && { requires }),
      ...(assignee !== undefined && { assignee }),
      tasks: 0,
    };
    world.lanes.push(lane);
  }
  lane.tasks += tasks;
  if (lane.tasks === 0) lane.since = world.now;
  else delete lane.since;
  return lane.id;
}

/** The task is removed. */
export function leaveLanes({ lanes }: World, { lane, review, reviews }: TaskRecord): void {
  const left = [reviews === undefined ? lane : undefined, review?.lane];
  for (const lane of lanes) lane.tasks -= left.filter((id) => id === lane.id).length;
}

export function edgeTo(source: TaskRecord | undefined, key: string | undefined): DependencyRecord {
  if (!source) throw new Error("a dependency comes after its dependent");
  return {
    ...(key !== undefined && { key }),
    task_id: source.task_id,
    ...(isTerminal(source.status) && { ended: source.status }),
  };
}
