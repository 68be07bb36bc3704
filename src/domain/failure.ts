/** What a failure means: whether it is tried again, and whether it counts against the attempts and the breaker. */
import * as z from "zod";

interface Meaning {
  /** Tried again while attempts are left. */
  readonly retried: boolean;
  /** Uses up one of `max_attempts`. */
  readonly counted: boolean;
  /** Says something about the agent, and so counts for circuit breakers. */
  readonly tripping: boolean;
}

export const CATEGORIES = {
  transient: { retried: true, counted: true, tripping: true },
  /** The other side asked to slow down: that is no failure of the attempt. */
  rate_limited: { retried: true, counted: false, tripping: false },
  timeout: { retried: true, counted: true, tripping: true },
  /** Trying again with the same input cannot help. */
  invalid_input: { retried: false, counted: true, tripping: false },
  dependency: { retried: true, counted: true, tripping: false },
  permission: { retried: false, counted: true, tripping: false },
  agent_error: { retried: true, counted: true, tripping: true },
  internal: { retried: true, counted: true, tripping: true },
} as const satisfies Record<string, Meaning>;

export type Category = keyof typeof CATEGORIES;

export const category = z.enum(Object.keys(CATEGORIES) as [Category, ...Category[]]);

/** Exponential backoff; times in seconds. Full jitter draws evenly from zero to the backoff. */
export const retryPolicy = z.strictObject({
  max_attempts: z.int().min(1).max(100).optional(),
  initial_seconds: z.number().min(0).max(86_400).optional(),
  factor: z.number().min(1).max(10).optional(),
  max_seconds: z.number().min(0).max(86_400).optional(),
  jitter: z.enum(["full", "none"]).optional(),
});

export type RetryPolicy = z.infer<typeof retryPolicy>;

export const DEFAULT_RETRY = {
  max_attempts: 3,
  initial_seconds: 10,
  factor: 2,
  max_seconds: 600,
  jitter: "full",
} as const satisfies Required<RetryPolicy>;
