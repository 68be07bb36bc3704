// What each QStash plan allows, as printed on Upstash's pricing page (2026-08).

export type PlanName = "free" | "payg" | "fixed_1m" | "fixed_10m";

export type Plan = {
  /** A soft limit: exceeding it is reported, and refused only where `enforceDailyLimit` is set. */
  readonly messagesPerDay: number;
  readonly enforceDailyLimit: boolean;
  readonly maxMessageBytes: number;
  readonly maxDelayMs: number;
  /** How long an endpoint may take to answer. */
  readonly maxResponseMs: number;
  readonly deadLetterRetentionMs: number;
  readonly logRetentionMs: number;
  readonly schedules: number;
  readonly urlGroups: number;
  readonly queues: number;
  /** Deliveries in flight at once, over everything. */
  readonly parallelism: number;
  readonly queueParallelism: number;
  /** Not on the pricing page; Upstash's API example for a free account shows 999. */
  readonly maxRetries: number;
};

export function resolvePlan(plan: PlanName | Partial<Plan> = "free"): Plan {
  return typeof plan === "string" ? plans[plan] : { ...plans.free, ...plan };
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const megabyte = 1024 * 1024;

const free: Plan = {
  messagesPerDay: 1_000,
  enforceDailyLimit: false,
  maxMessageBytes: megabyte,
  maxDelayMs: 7 * day,
  maxResponseMs: 15 * minute,
  deadLetterRetentionMs: 3 * day,
  logRetentionMs: 3 * day,
  schedules: 10,
  urlGroups: 1,
  queues: 10,
  parallelism: 10,
  queueParallelism: 2,
  maxRetries: 999,
};

const payg: Plan = {
  ...free,
  messagesPerDay: Number.POSITIVE_INFINITY,
  maxMessageBytes: 10 * megabyte,
  maxDelayMs: 365 * day,
  maxResponseMs: 2 * hour,
  deadLetterRetentionMs: 7 * day,
  logRetentionMs: 7 * day,
  schedules: 1_000,
  urlGroups: 100,
  queues: 100,
  parallelism: 100,
  queueParallelism: 10,
};

const fixed1m: Plan = {
  ...payg,
  messagesPerDay: 1_000_000,
  maxMessageBytes: 50 * megabyte,
  maxDelayMs: Number.POSITIVE_INFINITY,
  maxResponseMs: 6 * hour,
  deadLetterRetentionMs: 30 * day,
  logRetentionMs: 14 * day,
  schedules: 10_000,
  urlGroups: 1_000,
  queues: 1_000,
  parallelism: 200,
};

const fixed10m: Plan = {
  ...fixed1m,
  messagesPerDay: 10_000_000,
  maxResponseMs: 12 * hour,
  deadLetterRetentionMs: 90 * day,
  schedules: 50_000,
  urlGroups: 2_000,
  parallelism: 1_000,
};

const plans: Record<PlanName, Plan> = { free, payg, fixed_1m: fixed1m, fixed_10m: fixed10m };
