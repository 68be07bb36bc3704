/**
 * Webhook endpoints, the deliveries to them, and when a delivery that failed is tried again: as Standard Webhooks asks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
import * as z from "zod";

const filter = {
  types: z.array(z.string()).optional(),
  agent_types: z.array(z.string()).optional(),
  run_ids: z.array(z.string()).optional(),
};

/** `disabled`: by us, since it answered 410 Gone. `paused`: by its owner; events of that time are kept for it. */
export const ENDPOINT_STATUSES = ["active", "paused", "disabled"] as const;

export const endpointRecord = z.strictObject({
  endpoint_id: z.string(),
  url: z.string(),
  description: z.string().optional(),
  ...filter,
  status: z.enum(ENDPOINT_STATUSES),
  /** The newest entry of the event log when it was made: it hears of what came later. */
  since: z.string(),
  disabled_because: z.string().optional(),
  created_at: z.int(),
  /** `whsec_…`, the newest first. One that was rotated out signs along until `until_ms`. */
  secrets: z.array(z.strictObject({ secret: z.string(), until_ms: z.int().optional() })),
  /** Failed attempts in a row; the breaker opens at its limit and closes with the first success. */
  failures: z.int().optional(),
  /** While open nothing is sent; then one delivery probes, and the others are held until one got through. */
  open_until_ms: z.int().optional(),
  /** The delivery that probes. */
  probe: z.string().optional(),
  pause_ms: z.int().optional(),
});

export const DELIVERY_STATUSES = ["waiting", "delivered", "dead"] as const;

/** Why no attempt of a waiting delivery is planned: what its endpoint is. */
const HELD = ["paused", "disabled", "breaker"] as const;

/** How one attempt ended. `status` 0: no answer. */
const attemptResult = z.strictObject({
  at: z.int(),
  status: z.int(),
  /** The first part of what was answered. */
  body: z.string().optional(),
  error: z.string().optional(),
  ms: z.int(),
});

export const deliveryRecord = z.strictObject({
  /** Also the `webhook-id`: the same in each attempt, and in each replay. */
  delivery_id: z.string(),
  endpoint_id: z.string(),
  type: z.string(),
  /** Milliseconds of the event. */
  event_at: z.int(),
  /** JSON text of what is sent as `data`. */
  data: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  /** Attempts made since it was created or last replayed. */
  attempts: z.int(),
  /** Names one planned attempt: it only grows, so that a message of QStash that comes twice or late does nothing. */
  turn: z.int(),
  /** When the next attempt is due; absent once it has ended, and while it is held. */
  due_at: z.int().optional(),
  held: z.enum(HELD).optional(),
  /** An attempt is under way until then. */
  busy_until_ms: z.int().optional(),
  /** The last few attempts, newest last; the bodies of those before the last few are not kept. */
  results: z.array(attemptResult).optional(),
  created_at: z.int(),
});

export type EndpointRecord = z.infer<typeof endpointRecord>;
export type DeliveryRecord = z.infer<typeof deliveryRecord>;
export type AttemptResult = z.infer<typeof attemptResult>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses before the second, third, … attempt: the schedule that Standard Webhooks suggests. */
export const RETRY_PAUSES_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Longer ones are cut to this: a receiver cannot keep a delivery for ever. */
const RETRY_AFTER_MAX_MS = 24 * HOUR;

/** Spreads retries over a tenth of their pause, so that a receiver that comes back is not met by all at once. */
const JITTER = 0.1;

export interface Ended {
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** The header of that name, as it came. */
  readonly retry_after?: string | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** Evenly between 0 and 1. */
  readonly chance: number;
}

/** What follows an attempt: delivered, given up, or the time of the next one in milliseconds. */
export function afterAttempt(ended: Ended): "delivered" | "dead" | { readonly due_at: number } {
  if (ended.status >= 200 && ended.status < 300) return "delivered";
  if (ended.status === 410) return "dead";
  const pause = RETRY_PAUSES_MS[ended.attempts - 1];
  if (pause === undefined) return "dead";
  const spread = pause * (1 + JITTER * ended.chance);
  const asked = retryAfterMs(ended.retry_after, ended.now) ?? 0;
  return { due_at: ended.now + Math.round(Math.max(spread, Math.min(asked, RETRY_AFTER_MAX_MS))) };
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3); undefined for anything else. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
