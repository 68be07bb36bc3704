/** Expected refusals as values: what was wrong, in one authored sentence that says what to do next. */

/** Every reason a caller can be refused for. The wire shows it as `reason`. */
const REASONS = [
  "invalid",
  "unknown_parameter",
  "unauthorized",
  "role",
  "not_found",
  "graph",
  "too_large",
  "limit",
  "lease_lost",
  "lease_unknown",
  "lease_ended",
  "instance_replaced",
  "cancelled",
  "no_children",
  "children_open",
  "version_conflict",
  "idempotency_conflict",
  "result_schema",
  "agent_type_needed",
  "unavailable",
] as const;

export type Reason = (typeof REASONS)[number];

/** `message` is the only prose a caller reads; the other fields are facts a program may use. */
export interface Refusal {
  readonly reason: Reason;
  readonly message: string;
  readonly [fact: string]: unknown;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(
  reason: Reason,
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): { readonly ok: false; readonly refusal: Refusal } {
  // What it shows of somebody's text may have been cut within a character.
  return { ok: false, refusal: { reason, message: message.toWellFormed(), ...facts } };
}
