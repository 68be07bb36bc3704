/** Turns a goal into tasks: a function each, reviewed by its tests, and one task to run all tests in the end. */
import type { Example, Goal, GoalFunction } from "../goal/goal.ts";
import { examplesKey, type FunctionBrief, type PlannedTask } from "./briefs.ts";

/** Rounds of review after which a function is given up. */
const ROUNDS = 4;

/**
 * The implementer of a function sees the first half of its examples (rounded up), the reviewer has all of them: whoever
 * writes from examples must not be graded by the same ones alone.
 */
export function makePlan(goal: Goal): PlannedTask[] {
  const tasks = goal.functions.map((item) => implementationTask(item, goal));
  return [
    ...tasks,
    {
      key: "all-tests",
      agent_type: "testing",
      task_description: `Run the tests of ${goal.name}\nReport which fail, and how.`,
      context: { job: "run" },
      dependencies: tasks.map(({ key }) => key),
    },
  ];
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
    options: {
      review: {
        agent_type: "testing",
        criteria: `Every example of ${item.name} passes: they are in the shared state of the run, ${examplesKey(item.name)}.`,
        threshold: 1,
        max_rounds: ROUNDS,
      },
    },
    ...(item.uses.length > 0 ? { dependencies: [...item.uses] } : {}),
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
