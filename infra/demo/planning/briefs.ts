/** What the demo's agents tell each other: the contexts of tasks and the results that come back, checked where they are read. */
import { z } from "zod";

const kind = z.enum(["text", "number", "truth", "texts", "numbers"]);
const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()).readonly(),
  z.array(z.number()).readonly(),
]);

export const example = z.object({ args: z.array(value).readonly(), result: value });

/** One function to write. Paths are relative to the workspace. */
const functionBrief = z.object({
  name: z.string(),
  params: z.array(z.object({ name: z.string(), kind })),
  returns: kind,
  description: z.string(),
  /** Functions of the library that it builds on. */
  uses: z.array(z.object({ name: z.string(), takes: z.array(kind), returns: kind })),
  file: z.string(),
});

export const planningContext = z.object({ goal: z.string() });

export const implementationContext = z.object({
  function: functionBrief,
  /** Those that the implementer may see; the reviewer knows more. */
  examples: z.array(example),
});

/** `run`: run all tests there are and report. */
export const testingContext = z.object({ job: z.literal("run") });

/** A test that did not pass: the example it was made from, and what the runner said. */
const finding = z.object({ example, said: z.string() });

/** What a worker is given with work that reviewers sent back. */
export const feedback = z.looseObject({
  reviews: z.array(z.looseObject({ findings: z.array(finding).optional() })),
});

const plannedTask = z.object({
  key: z.string(),
  agent_type: z.string(),
  task_description: z.string(),
  context: z.record(z.string(), z.json()),
  dependencies: z.array(z.string()).optional(),
  options: z.record(z.string(), z.json()).optional(),
});

/** What the testing agent reports after a run. A test is named after its example. */
export const testReport = z.object({
  passed: z.number(),
  failed: z.number(),
  failures: z.array(z.object({ test: z.string(), said: z.string() })),
});

/** Where the run's shared state has all examples of a function. */
export function examplesKey(name: string): string {
  return `examples/${name}`;
}

export type FunctionBrief = z.infer<typeof functionBrief>;
export type PlannedTask = z.infer<typeof plannedTask>;
export type TestReport = z.infer<typeof testReport>;
