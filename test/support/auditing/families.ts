/** Delegated tasks: what each knows of those above and below it. */
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import type { TaskRecord } from "../../../src/domain/task.ts";
import type { Books } from "./books.ts";

export function checkFamilies(books: Books): void {
  const { tasks, runs, fault } = books;
  for (const task of tasks.values()) {
    checkAbove(task, books);
    const whole = !runs.get(task.task_id.replace(/t\d+$/, ""))?.removed;
    if (task.children) checkBelow(task, { books, whole });
    else if (task.delegated !== undefined) fault(`${task.task_id} has delegated, without children`);
    if ((task.suspended_for !== undefined) !== (task.status === "suspended")) {
      fault(`${task.task_id} is ${task.status}, and suspended for ${task.suspended_for}`);
    }
  }
}

function checkAbove({ task_id, parent, ancestors = [], alone }: TaskRecord, books: Books): void {
  const { tasks, fault } = books;
  if (ancestors.at(-1) !== parent) fault(`${task_id}: ancestors ${ancestors.join(", ")}`);
  if (parent === undefined) {
    if (alone) fault(`${task_id} runs alone, without a parent`);
    return;
  }
  const above = tasks.get(parent);
  if (!above) return;
  const due = [...(above.ancestors ?? []), parent];
  if (due.join() !== ancestors.join()) fault(`${task_id}: ancestors ${ancestors.join(", ")}`);
  if (!above.children?.includes(task_id)) fault(`${parent} does not know its child ${task_id}`);
}

/** `whole`: no task of the run was removed yet. */
function checkBelow(
  task: TaskRecord,
  { books: { tasks, line, fault }, whole }: { books: Books; whole: boolean },
): void {
  const { task_id, status, children = [], open_children, delegated = 0, delegation } = task;
  const known = children.flatMap((id) => tasks.get(id) ?? []);
  if (whole && known.length < children.length) fault(`${task_id} has children that are not there`);
  const open = known.filter((child) => !child.alone && !isTerminal(child.status)).length;
  if (open !== open_children) fault(`${task_id} counts ${open_children} open children of ${open}`);
  const below = [...tasks.values()].filter(({ ancestors }) => ancestors?.includes(task_id)).length;
  if (whole ? below !== delegated : below > delegated) {
    fault(`${task_id} counts ${delegated} tasks below it of ${below}`);
  }
  if (delegation && delegated > delegation.max_tasks) {
    fault(`${task_id} has delegated ${delegated} of ${delegation.max_tasks}`);
  }
  if (task.suspended_for === "children" && open === 0) fault(`${task_id} waits for no child`);
  const dead = status === "failed" || status === "cancelled";
  const pending = line.has(`children:${task_id}`);
  if (dead && open > 0 && !pending) fault(`${task_id} is ${status}, and its children go on`);
  if (status === "completed" && open > 0) fault(`${task_id} is completed before its children`);
}
