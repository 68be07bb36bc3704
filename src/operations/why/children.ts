/** A suspended task waits for those that it has delegated. As with dependencies, the cause at the root is told. */
import { isTerminal } from "../../domain/lifecycle.ts";
import type { TaskRecord } from "../../domain/task.ts";
import { type Explain, type Facts, listed } from "./cause.ts";

/** The children that a suspended task waits for, by their records. */
export function awaitedAmong(
  { suspended_for, children: ids = [] }: TaskRecord,
  tasks: Facts["tasks"],
): string[] {
  if (suspended_for !== "children") return [];
  return ids.filter((id) => {
    const child = tasks.get(id);
    return child && !child.alone && !isTerminal(child.status);
  });
}

export const children: Explain = (task, { tasks }) => {
  if (task.suspended_for !== "children") return undefined;
  const open = awaitedAmong(task, tasks);
  const which = open.length > 0 ? listed(open, 10) : `${task.open_children} of them`;
  return {
    why: "children",
    subject: open.join(" "),
    text: `Suspended: its worker waits for its children (${which}).`,
  };
};
