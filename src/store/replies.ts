/** What each script replies where it does not refuse. */
import * as z from "zod";
import { agentRecord } from "../domain/agent.ts";
import { STATUSES } from "../domain/lifecycle.ts";
import { runRecord, taskRecord } from "../domain/task.ts";
import { notices } from "./codec.ts";

export const payload = z.strictObject({
  task_description: z.string(),
  context: z.json().optional(),
});

export type Payload = z.infer<typeof payload>;

const handedTask = z.strictObject({
  record: taskRecord,
  /** With a review: the task that it is about. */
  reviewed: taskRecord.optional(),
  payload: payload.optional(),
  held: z.literal(true).optional(),
});

export type HandedTask = z.infer<typeof handedTask>;

export const createReply = z.strictObject({
  run_id: z.string(),
  /** Agent types that somebody has polled for, with the time. */
  types: z.record(z.string(), z.number()),
  tasks: z.array(z.strictObject({ task_id: z.string(), status: z.enum(STATUSES) })),
  notices,
});

export const rehearseReply = createReply.omit({ notices: true }).extend({
  /** Existing tasks that are depended on and have not ended. */
  open: z.array(z.string()),
});

export const pollReply = z.strictObject({
  now: z.int(),
  agent_type: z.string(),
  channel: z.string(),
  /** How long its polls have found nothing. Milliseconds. */
  idle_ms: z.int(),
  next_due: z.int(),
  tasks: z.array(handedTask),
  notices,
});

export const heartbeatReply = z.strictObject({
  now: z.int(),
  until_ms: z.int(),
  notices,
});

/** Nothing was done yet: the same submit has to come again with the word that its result fits. */
const submitCheck = z.union([
  z.strictObject({ schema: z.record(z.string(), z.json()) }),
  /** It is a verdict: the score that passes at least. */
  z.strictObject({ threshold: z.number() }),
]);

export type SubmitCheck = z.infer<typeof submitCheck>;

const submitted = z.strictObject({
  now: z.int(),
  status: z.enum(STATUSES),
  /** The lease had ended otherwise; the result was kept as a late one. */
  kept: z.literal(true).optional(),
  /** What the verdict has made of the task that was reviewed. */
  reviewed: z.strictObject({ task_id: z.string(), status: z.enum(STATUSES) }).optional(),
  tasks: z.array(handedTask).optional(),
  notices,
});

export type Submitted = z.infer<typeof submitted>;

export const submitReply = z.union([z.strictObject({ check: submitCheck }), submitted]);

const obstacle = z.strictObject({
  /** How many hold it. */
  count: z.int(),
  /** Some of them. */
  held: z
    .array(z.strictObject({ task_id: z.string(), agent_id: z.string().optional() }))
    .optional(),
  /** Older tasks that go first. */
  first: z.array(z.string()).optional(),
});

/** What stands in the way of a parked task. */
export type Obstacle = z.infer<typeof obstacle>;

export const readReply = z.strictObject({
  now: z.int(),
  records: z.array(z.union([taskRecord, runRecord])),
  texts: z.record(z.string(), z.json()),
});

const breaker = z.strictObject({
  /** `breaker:type:<agent type>` or `breaker:agent:<agent id>`. */
  name: z.string(),
  state: z.enum(["closed", "open", "half_open"]),
  forced: z.literal(true).optional(),
  /** When an open breaker lets a probe through. */
  until_ms: z.int().optional(),
  probe: z.string().optional(),
  /** Failed or lost attempts that it remembers. */
  failed: z.int(),
});

export type Breaker = z.infer<typeof breaker>;

export const waitReply = z.strictObject({
  now: z.int(),
  /** The records hold every task that the caller waits for, whatever its cursor. */
  whole: z.boolean(),
  records: z.array(z.union([taskRecord, runRecord])),
  /** Ready tasks that perhaps nobody can take. */
  waiting: z.array(z.string()),
  /** Open tasks for which the named ones wait, as far as somebody may have to do something about them. */
  related: z.array(z.string()),
  /** Agent types that somebody has polled for, with the time; given where a task waits. */
  types: z.record(z.string(), z.number()),
  breakers: z.array(breaker),
});

export const whyReply = z.strictObject({
  now: z.int(),
  records: z.array(z.union([taskRecord, runRecord])),
  /** Open tasks among those of the run that were looked at. */
  open: z.int(),
  types: z.record(z.string(), z.number()),
  breakers: z.array(breaker),
  /** By the ids of parked tasks. */
  in_the_way: z.record(z.string(), obstacle),
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
  notices,
});

export const stateSetReply = z.strictObject({ version: z.int(), notices });

export const controlReply = z.strictObject({
  changed: z.array(z.string()),
  refused: z.array(z.strictObject({ task_id: z.string(), reason: z.string() })),
  /** More dead letters with that code are left. */
  more: z.boolean(),
});

export const cancelRunReply = z.strictObject({
  changed: z.array(z.string()),
  /** Further tasks follow by themselves. */
  more: z.boolean(),
});

export const deadReply = z.strictObject({
  now: z.int(),
  next: z.string().nullable(),
  groups: z.array(z.strictObject({ code: z.string(), count: z.int() })),
  records: z.array(taskRecord),
});

export const breakersReply = z.strictObject({ now: z.int(), breakers: z.array(breaker) });

export const tickReply = z.strictObject({
  now: z.int(),
  swept: z.int(),
  /** More is due than one look handles. */
  due: z.boolean(),
  /** How far behind the earliest deadline is, after this look. Milliseconds. */
  overdue_ms: z.number(),
});

export const auditReply = z.strictObject({
  now: z.int(),
  /** Where the next page begins. */
  next: z.string().nullable(),
  looked: z.int(),
  findings: z.array(z.string()),
  uncounted: z.array(z.string()),
});

export const sentReply = z.strictObject({});

export const healthReply = z.strictObject({
  /** How long the earliest deadline has been waiting to be handled: the health number. Milliseconds. */
  overdue_ms: z.number(),
  /** How long ago the armed tick should have come. */
  tick_late_ms: z.number(),
  /** A tick is armed, and nobody knows that QStash has it. */
  tick_unsent: z.boolean(),
});

export type StoreHealth = z.infer<typeof healthReply>;

export const retireReply = z.strictObject({
  now: z.int(),
  due: z.array(z.string()),
  blobs: z.array(z.string()),
});
