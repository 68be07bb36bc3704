/** Tasks that wait for each other in a ring. Creation refuses those that it sees; a revival may bring one about. */
import type { TaskRecord } from "../../domain/task.ts";
import type { Cause } from "./cause.ts";
import { waitsOn } from "./dependency.ts";

/** Each of the ring waits for the next, and the last for the first. */
export function deadlock(ring: readonly TaskRecord[]): Cause | undefined {
  // What waits for any failure may go on with another one.
  if (ring.some((task) => task.trigger_rule === "one_failed" && waitsOn(task).length > 1)) {
    return undefined;
  }
  const ids = ring.map(({ task_id }) => task_id);
  const child = ring.find(({ parent }) => parent !== undefined && ids.includes(parent));
  const without = child
    ? ` Cancel ${child.task_id}, so that ${child.parent} goes on without it.`
    : " Cancel one of them.";
  return {
    why: "deadlock",
    subject: ids.toSorted().join(" "),
    text: `Deadlock: ${[...ids, ids[0]].join(" waits for ")}.${without}`,
  };
}
