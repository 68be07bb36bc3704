/** Endpoints and deliveries as their owners see them: never with a secret. */
import type { DeliveryRecord, EndpointRecord } from "../../domain/webhook.ts";

export interface ShownEndpoint {
  readonly [field: string]: unknown;
  readonly endpoint_id: string;
  readonly url: string;
}

export function showEndpoint(endpoint: EndpointRecord, now: number): ShownEndpoint {
  const {
    secrets,
    since: _,
    open_until_ms,
    pause_ms: __,
    probe: ___,
    created_at,
    ...shown
  } = endpoint;
  const valid = secrets.filter(({ until_ms = Infinity }) => until_ms > now).length;
  return {
    ...shown,
    created_at: new Date(created_at).toISOString(),
    ...(valid > 1 && { valid_secrets: valid }),
    ...(open_until_ms !== undefined && { breaker: open_until_ms > now ? "open" : "half_open" }),
  };
}

export interface ShownDelivery {
  readonly [field: string]: unknown;
  readonly delivery_id: string;
  readonly status: string;
}

export function showDelivery(delivery: DeliveryRecord): ShownDelivery {
  const { delivery_id, endpoint_id, type, status, attempts, due_at, held, results, event_at } =
    delivery;
  return {
    delivery_id,
    endpoint_id,
    type,
    status,
    attempts,
    event_at: new Date(event_at).toISOString(),
    ...(due_at !== undefined && { next_attempt_at: new Date(due_at).toISOString() }),
    ...(held && { held_by: held }),
    ...(results && {
      results: results.map(({ at, status, body, error, ms }) => ({
        at: new Date(at).toISOString(),
        status,
        ms,
        body,
        error,
      })),
    }),
  };
}
