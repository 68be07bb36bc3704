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

const example = z.object({ args: z.array(value).readonly(), result: value });

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

/** A test that did not pass: the example it was made from, and what the runner said. */
const failure = z.object({ example, said: z.string() });

export const planningContext = z.object({ goal: z.string() });

export const implementationContext = z.object({
  function: functionBrief,
  /** Those that the implementer may see; the tests know more. */
  examples: z.array(example),
  /** Tests that an earlier version did not pass. */
  failures: z.array(failure).optional(),
});

/** `write`: make the test file of one function. `run`: run all there are and report. */
export const testingContext = z.discriminatedUnion("job", [
  z.object({
    job: z.literal("write"),
    function: functionBrief.pick({ name: true, file: true }),
    test_file: z.string(),
    examples: z.array(example),
  }),
  z.object({ job: z.literal("run") }),
]);

const plannedTask = z.object({
  key: z.string(),
  agent_type: z.string(),
  task_description: z.string(),
  context: z.record(z.string(), z.json()),
  dependencies: z.array(z.string()).optional(),
});

/** What the planning agent answers with. */
export const plan = z.object({ library: z.string(), tasks: z.array(plannedTask) });

/** What the testing agent reports after a run. A test is named after its example. */
export const testReport = z.object({
  passed: z.number(),
  failed: z.number(),
  failures: z.array(z.object({ test: z.string(), said: z.string() })),
});

export type FunctionBrief = z.infer<typeof functionBrief>;
export type Failure = z.infer<typeof failure>;
export type PlannedTask = z.infer<typeof plannedTask>;
export type Plan = z.infer<typeof plan>;
export type TestReport = z.infer<typeof testReport>;
