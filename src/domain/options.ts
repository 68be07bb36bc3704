/** The `options` of a task: one open object on the wire, a closed set of names here. */
import * as z from "zod";
import { retryPolicy } from "./failure.ts";
import { LIMITS } from "./limits.ts";
import { TRIGGER_RULES } from "./lifecycle.ts";
import { CONTROL, distinctLocks, readLock } from "./locks.ts";
import { LANE_WIDTH } from "./order.ts";
import { schemaFaults } from "./result-schema.ts";

const capability = z.string().trim().min(1).max(LIMITS.capability_length);

/** Not from 1970 on the dot either: a timer at zero would be one that nobody looks for. */
const time = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => Date.parse(text) > 0 && Date.parse(text) < LANE_WIDTH,
    "times reach from 1970 to the year 2109.",
  );

const lock = z.string().transform((text, context) => {
  const read = readLock(text);
  if (read !== undefined) return read;
  context.addIssue({
    code: "custom",
    message: `a lock is a name or a path without "..", at most ${LIMITS.lock_depth} segments and ${LIMITS.lock_length} characters; "src/" covers all below it.`,
  });
  return z.NEVER;
});

const concurrencyKey = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.concurrency_key_length)
  .refine((text) => !CONTROL.test(text), "no control characters.");

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

export interface OptionFault {
  readonly option: "concurrency_limit" | "result_schema";
  readonly fault: string;
}

/** What does not go together; a schema that cannot be used is refused here, and not at the first result. */
export function optionFaults(options: TaskOptions, where: string): OptionFault[] {
  const { result_schema, concurrency_key, concurrency_limit } = options;
  if (concurrency_limit !== undefined && concurrency_key === undefined) {
    const option = "concurrency_limit";
    return [{ option, fault: `${where}.${option} needs a concurrency_key` }];
  }
  const option = "result_schema";
  return result_schema
    ? schemaFaults(result_schema, `${where}.${option}`).map((fault) => ({ option, fault }))
    : [];
}
