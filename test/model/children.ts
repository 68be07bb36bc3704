/** What the end of a child means to the model for its parent, and that of a parent for those below it. */
import { isTerminal, type Status } from "../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { cancelTask } from "./cancel.ts";
import { resume } from "./talk.ts";
import { type World } from "./world.ts";

/** As many of the open children, and of theirs, as the call may still cancel: the latest first. */
function cancelChildren(world: World, parent: TaskRecord): void {
  world.parting.delete(parent.task_id);
  for (const id of (parent.children ?? []).toReversed()) {
    if (world.cancelsLeft === 0) {
      world.parting.set(parent.task_id, world.now);
      return;
    }
    const child = world.tasks.get(id);
    if (!child || isTerminal(child.status)) continue;
    world.cancelsLeft -= 1;
    cancelTask(world, child);
  }
}

/** Goes on where a call had to stop, unless the parent was retried meanwhile. */
export function goOnCancelling(world: World, parent: TaskRecord | undefined, id: string): void {
  if (parent && isDead(parent)) cancelChildren(world, parent);
  else world.parting.delete(id);
}

function isDead({ status }: TaskRecord): boolean {
  return status === "failed" || status === "cancelled";
}

export function resumeParent(world: World, parent: TaskRecord): void {
  parent.children_seen = parent.children?.length ?? 0;
  resume(world, parent);
}

/** Follows every move of a task. */
export function followFamily(world: World, task: TaskRecord, before: Status): void {
  const parent = task.parent === undefined ? undefined : world.tasks.get(task.parent);
  if (parent && isTerminal(task.status) && !isTerminal(before)) endChild(world, parent, task);
  if (parent && !isTerminal(task.status) && isTerminal(before)) reopenChild(parent, task);
  if (task.children && isDead(task)) cancelChildren(world, task);
}

function endChild(world: World, parent: TaskRecord, child: TaskRecord): void {
  if (child.alone) return;
  parent.open_children = (parent.open_children ?? 0) - 1;
  if (parent.open_children === 0 && parent.suspended_for === "children")
    resumeParent(world, parent);
}

/** Nobody waits for it again whose parent has its result already, or has ended. */
function reopenChild(parent: TaskRecord, child: TaskRecord): void {
  const seen = (parent.children ?? []).indexOf(child.task_id) < (parent.children_seen ?? 0);
  const over = isTerminal(parent.status) || parent.status === "in_review";
  if (over || (seen && parent.suspended_for !== "children")) {
    child.alone = true;
    return;
  }
  delete child.alone;
  parent.open_children = (parent.open_children ?? 0) + 1;
}
