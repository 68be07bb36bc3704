/** What the model's runs know of their tasks: counts, the last changes, and what was used up. */
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { decides, type RunRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type Follower, runOf, type World } from "./world.ts";

/** Call it while the task has the status that it ended with. */
export function countEnd(run: RunRecord, task: TaskRecord, by: 1 | -1): void {
  if (!isTerminal(task.status)) throw new Error(`the model counts ${task.task_id} as ended`);
  run.open -= by;
  run.counts[task.status] += by;
  if (task.status === "failed" && decides(task)) run.failed += by;
}

export const countMoved: Follower = (world, task, before) => {
  const run = runOf(world, task);
  const change = (status: TaskRecord["status"]): number =>
    Number(task.status === status) - Number(before === status);
  run.running += change("running");
  const in_review = (run.in_review ?? 0) + change("in_review");
  delete run.in_review;
  if (in_review > 0) run.in_review = in_review;
};

/** A change that somebody may wait for. */
export function noteChange(world: World, task: TaskRecord, kind: string): void {
  const run = runOf(world, task);
  const change = `${task.task_id.slice(run.run_id.length + 1)} ${kind}`;
  run.seq = (run.seq ?? 0) + 1;
  run.recent = [...(run.recent ?? []), change].slice(-LIMITS.changes_kept);
  if (["failed", "question", "late_result"].includes(kind)) {
    run.needs = [...(run.needs ?? []), `${run.seq} ${change}`].slice(-LIMITS.needs_kept);
  }
}

type Amounts = readonly (readonly [string, number])[] | undefined;

export function addUsage(world: World, task: TaskRecord, usage: Amounts): void {
  if (!usage) return;
  const run = runOf(world, task);
  task.usage = sum(task.usage, usage);
  run.usage = sum(run.usage, usage);
}

function sum(before: TaskRecord["usage"], usage: NonNullable<Amounts>): Record<string, number> {
  const sums = { ...before };
  for (const [name, amount] of usage) {
    const known = sums[name] !== undefined;
    if (!known && Object.keys(sums).length >= LIMITS.usage_names_kept) continue;
    // Lua writes 14 digits.
    sums[name] = Number(((sums[name] ?? 0) + amount).toPrecision(14));
  }
  return sums;
}
