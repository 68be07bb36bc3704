/** The `options` of a task: one open object on the wire, a closed set of names here. */
import * as z from "zod";
import { retryPolicy } from "./failure.ts";
import { LIMITS } from "./limits.ts";
import { TRIGGER_RULES } from "./lifecycle.ts";
import { CONTROL, distinctLocks, readLock } from "./locks.ts";
import { nearest } from "./nearest.ts";
import { LANE_WIDTH } from "./order.ts";
import { refuse, type Result } from "./refusal.ts";
import { schemaFaults } from "./result-schema.ts";

const capability = z.string().trim().min(1).max(LIMITS.capability_length);

const time = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) < LANE_WIDTH, "times reach to the year 2109");

const lock = z.string().transform((text, context) => {
  const read = readLock(text);
  if (read !== undefined) return read;
  context.addIssue({
    code: "custom",
    message: `a lock is a name or a path without "..", at most ${LIMITS.lock_depth} segments and ${LIMITS.lock_length} characters; "src/" covers all below it`,
  });
  return z.NEVER;
});

const concurrencyKey = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.concurrency_key_length)
  .refine((text) => !CONTROL.test(text), "no control characters");

export const taskOptions = z.strictObject({
  requires: z.array(capability).max(LIMITS.requires).optional(),
  assignee: z.string().trim().min(1).max(LIMITS.agent_id_length).optional(),
  lease_seconds: z.int().min(LIMITS.lease_seconds_min).max(LIMITS.lease_seconds_cap).optional(),
  max_run_seconds: z.int().min(1).max(LIMITS.max_run_seconds_cap).optional(),
  start_at: time.optional(),
  start_within_seconds: z.int().min(1).max(LIMITS.deadline_seconds_cap).optional(),
  deadline: time.optional(),
  retry: retryPolicy.optional(),
  locks: z.array(lock).max(LIMITS.locks).transform(distinctLocks).optional(),
  concurrency_key: concurrencyKey.optional(),
  concurrency_limit: z.int().min(1).max(LIMITS.concurrency_limit_cap).optional(),
  trigger_rule: z.enum(TRIGGER_RULES).optional(),
  result_schema: z.record(z.string(), z.json()).optional(),
  delegation: z
    .strictObject({
      agent_types: z
        .array(z.string().trim().min(1).max(LIMITS.agent_type_length))
        .min(1)
        .max(LIMITS.delegation_types)
        .optional(),
      max_depth: z.int().min(0).max(LIMITS.delegation_depth_cap).optional(),
      max_tasks: z.int().min(0).max(LIMITS.delegation_tasks_cap).optional(),
    })
    .optional(),
  review: z
    .strictObject({
      agent_type: z.string().trim().min(1).max(LIMITS.agent_type_length),
      criteria: z.string().trim().min(1),
      threshold: z.number().min(0).max(1).optional(),
      max_rounds: z.int().min(1).max(LIMITS.review_rounds_cap).optional(),
    })
    .optional(),
});

export type TaskOptions = z.infer<typeof taskOptions>;

/** Of a workflow, not of a task. */
const CRON = "cron";

const KNOWN = [...Object.keys(taskOptions.shape), CRON];

/** Reads the options of one task; `where` names them in a refusal. */
export function readOptions(
  options: Readonly<Record<string, unknown>>,
  where: string,
): Result<TaskOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== null && value !== "");
  for (const [name] of given) {
    const refusal = check(name, where);
    if (refusal) return refusal;
  }
  const parsed = taskOptions.safeParse(Object.fromEntries(given));
  if (parsed.success) return checked(parsed.data, where);
  const problems = parsed.error.issues.map(
    (issue) => `${[where, ...issue.path.map(String)].join(".")}: ${issue.message}`,
  );
  return refuse("invalid", `${problems.join("; ")}.`);
}

/** What does not go together; a schema that cannot be used is refused here, and not at the first result. */
function checked(options: TaskOptions, where: string): Result<TaskOptions> {
  const { result_schema, concurrency_key, concurrency_limit } = options;
  if (concurrency_limit !== undefined && concurrency_key === undefined) {
    return refuse("invalid", `${where}.concurrency_limit needs a concurrency_key.`);
  }
  const faults = result_schema ? schemaFaults(result_schema, `${where}.result_schema`) : [];
  return faults.length > 0
    ? refuse("invalid", `${faults.slice(0, LIMITS.problems_shown).join("; ")}.`, { faults })
    : { ok: true, value: options };
}

function check(name: string, where: string): ReturnType<typeof refuse> | undefined {
  if (!KNOWN.includes(name)) {
    const meant = nearest(name, KNOWN);
    return refuse(
      "unknown_parameter",
      `No option ${clip(name)} in ${where}${meant ? `; did you mean ${meant}?` : `. Known: ${KNOWN.join(", ")}.`}`,
    );
  }
  if (name === CRON) {
    return refuse("invalid", `${where}.cron: only a whole workflow has a schedule.`);
  }
  return undefined;
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
