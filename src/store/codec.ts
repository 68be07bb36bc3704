/** Decodes what scripts reply, strictly: a field that is unknown or missing fails here and not somewhere later. */
import * as z from "zod";
import { STATUSES } from "../domain/lifecycle.ts";

/** What a worker is told beside what it asked for. */
const notice = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("message"),
    task_id: z.string(),
    text: z.string(),
  }),
  /** The lease cannot be renewed for its whole length any more. */
  z.strictObject({
    kind: z.literal("ending"),
    task_id: z.string(),
    left_ms: z.int(),
    why: z.enum(["max_run", "deadline"]),
  }),
  /** The task went on without the agent. */
  z.strictObject({
    kind: z.literal("stop"),
    task_id: z.string(),
    status: z.enum(STATUSES),
    /** It was told some time ago, and may not have heard it. */
    again: z.literal(true).optional(),
  }),
]);

export type Notice = z.infer<typeof notice>;

/** Any reply to a worker may carry some. */
export const notices = z.array(notice).optional();

/** A script's refusal, with the facts that the caller's sentence is made of. */
const refusedReply = z.strictObject({
  refused: z.enum([
    "unknown",
    "lost",
    "submitted",
    "over",
    "full",
    "cancelled",
    "late",
    "not_found",
    "on_review",
    "limit",
    "idempotency_conflict",
    "agent_taken",
    "agent_type_needed",
    "instance_replaced",
    "superseded",
    "version_conflict",
    "graph",
    "delegation",
    "no_children",
    "children_open",
  ]),
  answer: z.enum(STATUSES).optional(),
  status: z.enum(STATUSES).optional(),
  attempt: z.int().optional(),
  kept: z.boolean().optional(),
  ids: z.array(z.string()).optional(),
  limit: z.int().optional(),
  what: z.string().optional(),
  /** How much is left of the limit. */
  left: z.int().optional(),
  /** Which of the tasks to create, counted from 1. */
  number: z.int().optional(),
  /** What is not allowed, and what would be. */
  names: z.array(z.string()).optional(),
  allowed: z.array(z.string()).optional(),
  /** The caller still holds its task. */
  held: z.boolean().optional(),
  seen_seconds_ago: z.int().optional(),
  version: z.int().optional(),
  value: z.json().optional(),
  notices,
});

export type RefusedReply = z.infer<typeof refusedReply>;

/** A tick that the call armed: somebody has to send it. */
export const armedTick = z.strictObject({
  /** Milliseconds of Redis' clock. */
  at: z.int(),
  /** How long it is until then. */
  wait_ms: z.int(),
  generation: z.int(),
});

export type ArmedTick = z.infer<typeof armedTick>;

/** What a script said: its reply, or its refusal. */
export type Said<T> = { readonly said: T } | { readonly refused: RefusedReply };

export interface Decoded<T> {
  readonly reply: Said<T>;
  readonly tick?: ArmedTick;
  /** There is something to tell to webhooks, and nobody is at it. */
  readonly outbox?: true;
  /** Schedules whose time has come: somebody has to make their runs. */
  readonly schedules_due?: readonly string[];
}

const hinted = z.looseObject({
  tick: armedTick.optional(),
  outbox: z.literal(true).optional(),
  schedules_due: z.array(z.string()).optional(),
});

/** Decodes the one JSON string that every script replies with. */
export function decode<T extends z.ZodType>(schema: T, text: string): Decoded<z.infer<T>> {
  const { tick, outbox, schedules_due, ...value } = hinted.parse(JSON.parse(text));
  const reply =
    typeof value["refused"] === "string"
      ? { refused: refusedReply.parse(value) }
      : { said: schema.parse(value) };
  return {
    reply,
    ...(tick && { tick }),
    ...(outbox && { outbox }),
    ...(schedules_due && { schedules_due }),
  };
}
