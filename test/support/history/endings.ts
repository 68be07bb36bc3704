/** Once all is over, every task has ended or says what it waits for; and no breaker waits for a probe that is no more. */
import type { Breach, History } from "../history.ts";
import { type FinalTask, TERMINAL } from "./final-state.ts";

export function checkEndings({ final, served }: History): Breach[] {
  const { tasks, breakers } = final;
  const waits = [...tasks.values()].flatMap((task) => {
    if (TERMINAL.has(task.status)) return [];
    const excuse = excuseOf(task, { tasks, served });
    const text = `${task.task_id} is ${task.status} without need: ${task.why}`;
    return excuse ? [] : [{ kind: "lost" as const, text }];
  });
  const leaks = breakers.flatMap(({ of, probe }) => {
    if (probe === undefined || tasks.get(probe)?.status === "running") return [];
    const now = tasks.get(probe)?.status ?? "gone";
    return [{ kind: "lost" as const, text: `the breaker ${of} waits for ${probe}: ${now}` }];
  });
  return [...waits, ...leaks];
}

/** Its worker waits for a child that has an excuse of its own, or for people. */
function suspendedFor(
  task: FinalTask,
  about: { tasks: ReadonlyMap<string, FinalTask>; served: readonly string[] },
): boolean {
  if (task.waits_for !== "children") return (task.why ?? "").includes("waits for an answer");
  return (task.open_children ?? "").split(/, | and /).some((id) => {
    const child = about.tasks.get(id);
    return child !== undefined && !TERMINAL.has(child.status) && excuseOf(child, about);
  });
}

/** Why the task may still wait, where the server says it and it is so. */
function excuseOf(
  task: FinalTask,
  { tasks, served }: { tasks: ReadonlyMap<string, FinalTask>; served: readonly string[] },
): boolean {
  const why = task.why ?? "";
  switch (task.status) {
    case "ready":
      return (
        why.includes("held open by hand") ||
        !served.includes(task.agent_type) ||
        // For a lock or a key that somebody still has.
        (why.match(/r\d+t\d+/g) ?? []).some((id) => tasks.get(id)?.status === "running")
      );
    case "scheduled":
      return Number(/^Starts in (\d+) s/.exec(why)?.[1] ?? 0) > 0;
    case "blocked":
      return (task.waits_for ?? "").split(", ").some((id) => {
        const upstream = tasks.get(id);
        return upstream !== undefined && !TERMINAL.has(upstream.status) && why.includes(id);
      });
    case "in_review": {
      const review = tasks.get((task.waits_for ?? "").replace(/^review /, ""));
      if (!review || TERMINAL.has(review.status)) return false;
      return excuseOf(review, { tasks, served });
    }
    case "suspended":
      return suspendedFor(task, { tasks, served });
    case "running":
      return (task.lease_seconds ?? 0) > 0;
    default:
      return false;
  }
}
