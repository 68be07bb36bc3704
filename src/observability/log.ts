/** One JSON line per event, with named fields. It takes no free text, so that no payload or secret can get in. */

/** Every event that Baton logs. */
export type LogEvent =
  | "operation"
  | "mcp_rejected"
  | "fault"
  /** QStash called: `callback` names the route. */
  | "callback"
  /** QStash gave up a callback after its last attempt. */
  | "scheduler.failed"
  /** A tick, or attempts of webhook deliveries, could not be handed to QStash. */
  | "scheduler.publish_failed"
  /** Events left the log before webhook deliveries were made of them. */
  | "webhooks.gap"
  /** A schedule was looked at because its time may have come. */
  | "schedule.due";

/** `early`: its time has not come. `gone`: it was deleted. `over`: somebody else has dealt with it. */
export type Firing = "fired" | "failed" | "skipped" | "waits" | "early" | "gone" | "over";

/** Fields are scalars by design: ids, names, counts and durations. Absent when undefined. */
export interface LogFields {
  readonly operation?: string | undefined;
  readonly skin?: "mcp" | "rest" | undefined;
  readonly project?: string | undefined;
  readonly key_id?: string | undefined;
  readonly role?: string | undefined;
  readonly outcome?: "ok" | "refused" | "fault" | undefined;
  /** Why a call was refused; see `domain/refusal.ts`. */
  readonly reason?: string | undefined;
  readonly status?: number | undefined;
  readonly duration_ms?: number | undefined;
  readonly operation_id?: string | undefined;
  /** W3C trace id of the caller, 32 hex digits. */
  readonly trace_id?: string | undefined;
  readonly fault_id?: string | undefined;
  readonly error_name?: string | undefined;
  readonly error_message?: string | undefined;
  readonly error_frames?: readonly string[] | undefined;
  readonly callback?: string | undefined;
  readonly schedule_id?: string | undefined;
  /** What became of a schedule's time. */
  readonly firing?: Firing | undefined;
  /** QStash's id of a message; the same in each attempt to deliver it. */
  readonly message_id?: string | undefined;
  /** Attempts to deliver it before this one. */
  readonly retried?: number | undefined;
  readonly generation?: number | undefined;
  readonly projects?: number | undefined;
  readonly swept?: number | undefined;
  readonly removed?: number | undefined;
  /** Webhook deliveries made or planned. */
  readonly deliveries?: number | undefined;
  /** What came of an attempt to deliver a webhook. */
  readonly delivery?: string | undefined;
  readonly delivery_id?: string | undefined;
  readonly overdue_ms?: number | undefined;
}

export function log(event: LogEvent, fields: LogFields): void {
  console.log(JSON.stringify({ event, ...fields }));
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The trace id of a `traceparent`, or undefined if it is absent or malformed (https://www.w3.org/TR/trace-context/). */
export function traceId(traceparent: unknown): string | undefined {
  if (typeof traceparent !== "string") return undefined;
  const id = TRACEPARENT.exec(traceparent)?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}
