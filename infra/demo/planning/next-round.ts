/** Turns failed tests into the tasks of the next round: a fix for each function concerned, and another run. */
import type { Goal, GoalFunction } from "../goal/goal.ts";
import type { Failure, Plan, PlannedTask, TestReport } from "./briefs.ts";
import { asJson, exampleText, runTask } from "./make-plan.ts";

/**
 * `reports` are those of all rounds so far, the latest last: functions whose tests failed in it are fixed, and what
 * failed in any round goes along, since what was wrong once must stay right. Nothing to do is an empty list.
 */
export function nextRound(about: {
  readonly goal: Goal;
  readonly plan: Plan;
  readonly reports: readonly TestReport[];
}): PlannedTask[] {
  const { goal, plan, reports } = about;
  const latest = reports.at(-1);
  const broken = goal.functions.filter((item) => latest && failuresOf(item, [latest]).length > 0);
  const names = new Set(broken.map(({ name }) => name));
  const fixes = broken.flatMap((item) => {
    const task = plan.tasks.find(({ key }) => key === item.name);
    if (!task) return [];
    const after = [...reach(item, goal)].filter((name) => names.has(name));
    return fixTask({ task, item, failures: failuresOf(item, reports), after });
  });
  if (fixes.length === 0) return [];
  const after = fixes.map(({ key }) => key);
  return [...fixes, runTask({ round: reports.length + 1, library: plan.library, after })];
}

/** Tests are named after their examples, so that a report needs to say no more than the name. */
function failuresOf({ name, examples }: GoalFunction, reports: readonly TestReport[]): Failure[] {
  const said = new Map(
    reports.flatMap((report) => report.failures.map((one) => [one.test, one.said])),
  );
  return examples.flatMap((example) => {
    const words = said.get(exampleText(name, example));
    return words === undefined ? [] : { example, said: words };
  });
}

/** All functions that `item` builds on, directly or through others. */
function reach(item: GoalFunction, goal: Goal, found = new Set<string>()): Set<string> {
  for (const name of item.uses) {
    if (found.has(name)) continue;
    found.add(name);
    const used = goal.functions.find((other) => other.name === name);
    if (used) reach(used, goal, found);
  }
  return found;
}

function fixTask(about: {
  readonly task: PlannedTask;
  readonly item: GoalFunction;
  readonly failures: readonly Failure[];
  readonly after: readonly string[];
}): PlannedTask {
  const { task, item, failures, after } = about;
  const said = failures.flatMap((failure) => [
    `- expected ${exampleText(item.name, failure.example)}`,
    ...failure.said.split("\n").map((line) => `  ${line}`),
  ]);
  return {
    key: `fix-${item.name}`,
    agent_type: "implementation",
    task_description: [`Fix ${item.name}: its tests fail`, item.description, ...said].join("\n"),
    context: { ...task.context, failures: asJson(failures) },
    ...(after.length > 0 ? { dependencies: after.map((name) => `fix-${name}`) } : {}),
  };
}
