/** The record of an agent, and what its presence looks like. */
import * as z from "zod";
import { STATUSES } from "./lifecycle.ts";
import { LIMITS } from "./limits.ts";

/** A task that the agent held, and that went on without it: so it is told, until then. */
const stopRecord = z.strictObject({
  task_id: z.string(),
  /** What the task was when the agent was first told. */
  status: z.enum(STATUSES),
  until_ms: z.int(),
});

/** A place in a lane, and how many of the same order were read up to there. */
const position = z.strictObject({ order: z.int(), member: z.string(), ties: z.int() });

export const agentRecord = z.strictObject({
  agent_id: z.string(),
  agent_type: z.string(),
  capabilities: z.array(z.string()).optional(),
  key_id: z.string(),
  first_seen: z.int(),
  seen: z.int(),
  /** It was noticed that it had gone, until it polls again. */
  offline: z.literal(true).optional(),
  /** An open poll lasts until then. */
  waits_until: z.int().optional(),
  /** Since when its polls have found nothing. */
  idle_since: z.int().optional(),
  /** Names its open wait: a newer poll ends the older. */
  poll: z.string().optional(),
  /** True once it was noted among those that wait, until it is struck off by a poll of its own. */
  listens: z.boolean().optional(),
  /** The task for which it was woken, until it has taken one. */
  woken_for: z.string().optional(),
  /** Tasks it may hold: a hint, checked against their records whenever it matters. */
  holds: z.array(z.string()).optional(),
  stops: z.array(stopRecord).optional(),
  /** Where its next claim begins among the lanes that it may serve, when they are more than one claim compares. */
  lanes_from: z.int().optional(),
  /** By lane: up to where its claims have found nothing for it, so that the next one goes on there. */
  passed: z.record(z.string(), position).optional(),
  /** The process behind a runner. */
  instance: z.string().optional(),
  /** Processes that it took over from, the latest last. */
  replaced: z.array(z.string()).optional(),
});

export type AgentRecord = z.infer<typeof agentRecord>;

export type Presence = "idle" | "busy" | "offline";

/** A display, not a verdict: it never ends a lease. `now` and the record's times are milliseconds of one clock. */
export function presence(agent: AgentRecord, held: number, now: number): Presence {
  if (held > 0) return "busy";
  if ((agent.waits_until ?? 0) > now) return "idle";
  return now - agent.seen > LIMITS.offline_seconds * 1000 ? "offline" : "idle";
}
