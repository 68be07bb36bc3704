/** Turns a goal into tasks: for each function its code and its tests, and one task to run them when all is there. */
import type { Example, Goal, GoalFunction } from "../goal/goal.ts";
import type { FunctionBrief, Plan, PlannedTask } from "./briefs.ts";

/**
 * The implementer of a function sees the first half of its examples (rounded up), the tests have all of them: whoever
 * writes from examples must not be graded by the same ones alone.
 */
export function makePlan(goal: Goal): Plan {
  const pairs = goal.functions.map((item) => [implementationTask(item, goal), testTask(item)]);
  const tasks = pairs.flat();
  return {
    library: goal.name,
    tasks: [
      ...tasks,
      runTask({ round: 1, library: goal.name, after: tasks.map(({ key }) => key) }),
    ],
  };
}

/** The task that runs all tests, in the given round, when the tasks in `after` are done. */
export function runTask(about: {
  readonly round: number;
  readonly library: string;
  readonly after: readonly string[];
}): PlannedTask {
  return {
    key: `round-${about.round}`,
    agent_type: "testing",
    task_description: `Run the tests of ${about.library}, round ${about.round}\nReport which fail, and how.`,
    context: { job: "run" },
    dependencies: [...about.after],
  };
}

/** An example in words, which is also the name of its test. */
export function exampleText(name: string, { args, result }: Example): string {
  return `${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")}) is ${JSON.stringify(result)}`;
}

function implementationTask(item: GoalFunction, goal: Goal): PlannedTask {
  const shown = item.examples.slice(0, Math.ceil(item.examples.length / 2));
  return {
    key: item.name,
    agent_type: "implementation",
    task_description: [
      `Write ${item.name}(${item.params.map(({ name }) => name).join(", ")})`,
      item.description,
      ...shown.map((one) => `- ${exampleText(item.name, one)}`),
    ].join("\n"),
    context: { function: brief(item, goal), examples: asJson(shown) },
    ...(item.uses.length > 0 ? { dependencies: [...item.uses] } : {}),
  };
}

function testTask({ name, examples }: GoalFunction): PlannedTask {
  return {
    key: `test-${name}`,
    agent_type: "testing",
    task_description: `Write the tests of ${name}\nOne for each example.`,
    context: {
      job: "write",
      function: { name, file: sourceFile(name) },
      test_file: `test/${name}.test.js`,
      examples: asJson(examples),
    },
  };
}

function brief(item: GoalFunction, goal: Goal): FunctionBrief {
  return {
    name: item.name,
    params: item.params.map((param) => ({ ...param })),
    returns: item.returns,
    description: item.description,
    uses: goal.functions
      .filter(({ name }) => item.uses.includes(name))
      .map(({ name, params, returns }) => ({
        name,
        takes: params.map(({ kind }) => kind),
        returns,
      })),
    file: sourceFile(item.name),
  };
}

function sourceFile(name: string): string {
  return `src/${name}.js`;
}

/** A copy that is plain JSON, without read-only lists. */
export function asJson(value: unknown): PlannedTask["context"][string] {
  return JSON.parse(JSON.stringify(value));
}
