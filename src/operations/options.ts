/** The `options` of a task, as tolerantly read as every other input, and refused in the same words. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { optionFaults, type TaskOptions, taskOptions } from "../domain/options.ts";
import { ok, type Result } from "../domain/refusal.ts";
import { BESIDE_OPTIONS } from "./input-names.ts";
import { describeIssues, joinPath, type Problem, sayProblems } from "./input-problems.ts";
import { readObject } from "./read-object.ts";

type Options = Readonly<Record<string, unknown>>;
type Path = readonly PropertyKey[];

/** The options, or one refusal for all that is wrong with them; `path` leads to them. */
export function readOptions(options: Options, path: Path): Result<TaskOptions> {
  const { value, problems } = checkOptions(options, path);
  return value && problems.length === 0 ? ok(value) : sayProblems(problems);
}

/** Everything that is wrong with the options, each problem with its path. */
export function optionProblems(options: Options, path: Path): readonly Problem[] {
  return checkOptions(options, path).problems;
}

function checkOptions(options: Options, path: Path): { value?: TaskOptions; problems: Problem[] } {
  const { cron, ...rest } = options;
  const [strays, given] = apart(rest);
  const problems: Problem[] = strays.map((name) => ({
    path: [...path, name],
    unknown: true,
    say: (parameter) => `No parameter ${parameter}; ${name} stands beside options.`,
  }));
  if (cron !== undefined && cron !== null && cron !== "") {
    const say = (parameter: string) => `${parameter}: only a whole workflow has a schedule.`;
    problems.push({ path: [...path, "cron"], say });
  }
  const read = readObject({ schema: taskOptions, value: given, path, problems });
  const parsed = taskOptions.safeParse(read);
  if (!parsed.success) {
    const described = describeIssues(taskOptions, read, parsed.error.issues);
    problems.push(...described.map(({ path: at, say }) => ({ path: [...path, ...at], say })));
    // What does not go together is said along, where that much could be read.
    const some = combined.safeParse(read);
    problems.push(...(some.success ? combinationProblems(some.data, path) : []));
    return { problems };
  }
  problems.push(...combinationProblems(parsed.data, path));
  return { value: parsed.data, problems };
}

const combined = z.object(
  taskOptions.pick({ concurrency_key: true, concurrency_limit: true, result_schema: true }).shape,
);

function combinationProblems(options: TaskOptions, path: Path): Problem[] {
  const faults = optionFaults(options, joinPath(path)).slice(0, LIMITS.problems_shown);
  return faults.map(({ option, fault }) => ({ path: [...path, option], say: () => `${fault}.` }));
}

/** What stands beside `options` and was written into it, and the rest. */
function apart(options: Options): [strays: string[], given: Options] {
  const strays = Object.keys(options).filter((name) => BESIDE_OPTIONS.has(name));
  const given = Object.entries(options).filter(([name]) => !BESIDE_OPTIONS.has(name));
  return [strays, Object.fromEntries(given)];
}
