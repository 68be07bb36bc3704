/** Nothing begins before the tasks that it depends on let it, whatever was retried, revived or reviewed meanwhile. */
import type { Breach, Fact, History } from "../history.ts";
import type { FinalTask } from "./final-state.ts";

const ENDS = ["task.completed", "task.failed", "task.cancelled", "task.skipped"];

/** Which ends of its dependencies a task waits for, by its trigger rule. */
const AWAITED: Readonly<Record<string, readonly string[]>> = {
  all_success: ["task.completed"],
  all_done: ENDS,
  one_failed: ["task.failed"],
};

export function checkOrder({ facts, final }: History): Breach[] {
  const claims = firstOf(facts, ["task.claimed"]);
  const ends = new Map(
    Object.entries(AWAITED).map(([rule, types]) => [rule, firstOf(facts, types)]),
  );
  return [...final.tasks.values()].flatMap((task) => {
    const claimed = claims.get(task.task_id);
    const { trigger_rule: rule = "all_success" } = task;
    return claimed === undefined ? [] : early(task, { claimed, ends: ends.get(rule) ?? new Map() });
  });
}

/** By task, the place of its first fact of these types. */
function firstOf(facts: readonly Fact[], types: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [place, { type, task_id = "" }] of facts.entries()) {
    if (types.includes(type) && !found.has(task_id)) found.set(task_id, place);
  }
  return found;
}

function early(
  { task_id, dependencies = [], trigger_rule }: FinalTask,
  { claimed, ends }: { claimed: number; ends: ReadonlyMap<string, number> },
): Breach[] {
  const open = dependencies.filter((one) => (ends.get(one.task_id) ?? Infinity) > claimed);
  // One that waits for a failure need not wait for all.
  const enough = trigger_rule === "one_failed" && open.length < dependencies.length;
  if (open.length === 0 || enough) return [];
  const names = open.map((one) => one.task_id).join(", ");
  return [{ kind: "untrue", text: `${task_id} was begun before ${names} let it` }];
}
