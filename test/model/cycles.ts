/** The model of the look for children that would wait for their own parent. */
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type World } from "./world.ts";

/** The way from what is depended on to one of the ancestors, each waiting for the next; as far as it is followed. */
export function findCycle(
  { tasks }: World,
  upstream: readonly string[],
  ancestors: readonly string[],
): string[] | undefined {
  const ways = new Map(upstream.map((id) => [id, [id]]));
  let reached = [...upstream];
  let left: number = LIMITS.cycle_tasks;
  for (let step = 1; step <= LIMITS.cycle_steps; step++) {
    const found: string[] = [];
    for (const id of reached) {
      const way = ways.get(id) ?? [];
      for (const other of awaitedBy(tasks.get(id), way.at(-2))) {
        if (ways.has(other) || left === 0) continue;
        if (ancestors.includes(other)) return [...way, other];
        ways.set(other, [...way, other]);
        left -= 1;
        found.push(other);
      }
    }
    reached = found;
  }
  return undefined;
}

function awaitedBy(task: TaskRecord | undefined, waiter: string | undefined): string[] {
  if (!task || isTerminal(task.status)) return [];
  const { status, alone, parent, dependencies = [], children = [], open_children = 0 } = task;
  if (alone && waiter === parent) return [];
  if (status !== "blocked") return open_children > 0 ? children : [];
  return dependencies.filter(({ ended }) => !ended).map(({ task_id }) => task_id);
}
