/** A schedule: a workflow that is created again and again, by the calendar. */
import * as z from "zod";
import { readCron } from "./cron.ts";
import { nearest } from "./nearest.ts";
import { refuse, type Result } from "./refusal.ts";

const ON_OVERLAP = ["skip", "queue"] as const;

/** What `options.cron` of a workflow says; a text is the expression alone, in UTC. */
export const cronOption = z.strictObject({
  schedule: z.string().trim().min(1).max(200),
  time_zone: z.string().trim().min(1).max(60).optional(),
  /** When the run before still goes on: `skip` this time, or `queue` one run for when it ends. */
  on_overlap: z.enum(ON_OVERLAP).optional(),
});

export type CronOption = z.infer<typeof cronOption>;

export const scheduleRecord = z.strictObject({
  schedule_id: z.string(),
  name: z.string(),
  cron: cronOption,
  /** How many its workflow has. */
  tasks: z.int(),
  created_at: z.int(),
  created_by: z.string(),
  /** When it fires next; absent where the calendar has no more such time. */
  next_at: z.int().optional(),
  /** The time whose run is being made: whoever finds it finishes that. */
  firing: z.int().optional(),
  /** It came due while its last run went on, and fires when that ends. */
  waiting: z.literal(true).optional(),
  /** The time that it fired for last, and the run of it. */
  last_at: z.int().optional(),
  last_run: z.string().optional(),
  /** Times that were left out because the run before went on. */
  skipped: z.int().optional(),
  /** Why its last time made no run. */
  error: z.string().optional(),
  idempotency_key: z.string().optional(),
});

export type ScheduleRecord = z.infer<typeof scheduleRecord>;

/** The time to fire for, where one has come: of several that were missed, the last. Milliseconds. */
export function dueTime(
  { cron, next_at }: ScheduleRecord,
  now: number,
): { next_at: number; at: number; following?: number } | undefined {
  if (next_at === undefined || next_at > now) return undefined;
  const times = readCron(cron.schedule, cron.time_zone ?? "UTC");
  if ("fault" in times) throw new Error(`a schedule was kept that cannot be read: ${times.fault}`);
  const last = times.upTo(now);
  const following = times.after(now);
  return {
    next_at,
    at: last === undefined || last < next_at ? next_at : last,
    ...(following !== undefined && { following }),
  };
}

/** Reads `options.cron`. */
export function readCronOption(value: unknown): Result<CronOption> {
  const given = typeof value === "string" ? { schedule: value } : value;
  const parsed = cronOption.safeParse(given);
  if (!parsed.success) {
    const said = parsed.error.issues.map((issue) => sayIssue(issue));
    return refuse("invalid", `options.cron: ${said.join("; ")}.`);
  }
  const read = readCron(parsed.data.schedule, parsed.data.time_zone ?? "UTC");
  return "fault" in read
    ? refuse("invalid", `options.cron: ${read.fault}.`)
    : { ok: true, value: parsed.data };
}

const KINDS = new Map([
  ["schedule", "a cron expression of five fields, such as 0 9 * * 1-5"],
  ["time_zone", "a time zone such as Europe/Berlin"],
]);

function sayIssue(issue: z.core.$ZodIssue): string {
  const name = issue.path.map(String).join(".");
  if (issue.code === "invalid_value")
    return `${name} must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code !== "unrecognized_keys")
    return `${name || "it"} must be ${name === "" ? "an expression, or an object with schedule" : KINDS.get(name)}`;
  const names = Object.keys(cronOption.shape);
  const hints = issue.keys.map((name) => {
    const meant = nearest(name, names);
    return `no ${name.slice(0, 40)}${meant ? `; did you mean ${meant}?` : `, it takes ${names.join(", ")}`}`;
  });
  return hints.join("; ");
}
