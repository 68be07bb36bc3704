/** Replies of scripts, decoded strictly: a field that is unknown or missing fails here and not somewhere later. */
import * as z from "zod";
import { agentRecord } from "../domain/agent.ts";
import { STATUSES } from "../domain/lifecycle.ts";
import { runRecord, taskRecord } from "../domain/task.ts";

/** A script's refusal, with the facts that the caller's sentence is made of. */
const refusedReply = z.strictObject({
  refused: z.enum([
    "unknown",
    "lost",
    "submitted",
    "over",
    "late",
    "not_found",
    "limit",
    "idempotency_conflict",
    "agent_taken",
    "agent_type_needed",
    "version_conflict",
  ]),
  answer: z.enum(STATUSES).optional(),
  status: z.enum(STATUSES).optional(),
  attempt: z.int().optional(),
  kept: z.boolean().optional(),
  ids: z.array(z.string()).optional(),
  limit: z.int().optional(),
  what: z.string().optional(),
  seen_seconds_ago: z.int().optional(),
  version: z.int().optional(),
  value: z.json().optional(),
});

export type RefusedReply = z.infer<typeof refusedReply>;

export const payload = z.strictObject({
  task_description: z.string(),
  context: z.json().optional(),
});

export type Payload = z.infer<typeof payload>;

const handedTask = z.strictObject({
  record: taskRecord,
  payload: payload.optional(),
  held: z.literal(true).optional(),
});

export type HandedTask = z.infer<typeof handedTask>;

export const createReply = z.strictObject({
  run_id: z.string(),
  /** Agent types that somebody has polled for, with the time. */
  types: z.record(z.string(), z.number()),
  tasks: z.array(z.strictObject({ task_id: z.string(), status: z.enum(STATUSES) })),
});

export const pollReply = z.strictObject({
  now: z.int(),
  agent_type: z.string(),
  channel: z.string(),
  next_due: z.int(),
  tasks: z.array(handedTask),
});

export const heartbeatReply = z.strictObject({
  now: z.int(),
  until_ms: z.int(),
  last_moment: z.int(),
  seconds: z.int(),
});

export const submitReply = z.strictObject({
  now: z.int(),
  status: z.enum(STATUSES),
  tasks: z.array(handedTask).optional(),
});

export const readReply = z.strictObject({
  now: z.int(),
  records: z.array(z.union([taskRecord, runRecord])),
  texts: z.record(z.string(), z.json()),
});

export const listReply = z.strictObject({
  now: z.int(),
  next: z.string().nullable(),
  records: z.array(taskRecord),
});

export const agentsReply = z.strictObject({
  now: z.int(),
  cursor: z.string(),
  agents: z.array(agentRecord),
});

const stateEntry = z.strictObject({ name: z.string(), version: z.int(), value: z.json() });

export const stateGetReply = z.strictObject({
  more: z.string().nullable(),
  entries: z.array(stateEntry),
});

export const stateSetReply = z.strictObject({ version: z.int() });

/** What a script said: its reply, or its refusal. */
export type Said<T> = { readonly said: T } | { readonly refused: RefusedReply };

/** Decodes the one JSON string that every script replies with. */
export function decode<T extends z.ZodType>(schema: T, text: string): Said<z.infer<T>> {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && "refused" in value) {
    return { refused: refusedReply.parse(value) };
  }
  return { said: schema.parse(value) };
}
