/** What passes between an agent's process and the one that started it, besides the work itself, which goes through Baton. */
import { z } from "zod";

/** How an agent is started: the one argument of its process, as JSON. */
export const agentSetup = z.object({
  agent_id: z.string(),
  mcp_url: z.url(),
  key: z.string(),
  /** Which generation of MCP its client speaks. */
  era: z.enum(["2025-11-25", "2026-07-28"]),
  workspace: z.string(),
  /** How long the agent may stay silent before its task goes to another. */
  lease_seconds: z.int(),
  /** Least time a task takes, so that people can follow. */
  pace_ms: z.int(),
  /** Asks for a cue at each task: the starter may make it freeze. */
  cued: z.boolean(),
  /** The orchestrator's: path of the goal file. */
  goal_file: z.string().optional(),
});

/** What an agent reports. */
export const report = z.discriminatedUnion("event", [
  z.object({ event: z.literal("ready"), protocol: z.string() }),
  z.object({ event: z.literal("called"), tool: z.string() }),
  z.object({
    event: z.literal("claimed"),
    task_id: z.string(),
    attempt: z.int(),
    title: z.string(),
    /** Why it comes again, where no worker was lost: it was sent back, or what it waited for has come. */
    after: z.enum(["review", "children"]).optional(),
  }),
  z.object({ event: z.literal("progress"), task_id: z.string(), message: z.string() }),
  z.object({
    event: z.literal("submitted"),
    task_id: z.string(),
    attempt: z.int(),
    status: z.enum(["completed", "failed", "in_review", "suspended"]),
    summary: z.string(),
    /** Of a review: the task that it judged, and whether that one passed. */
    judged: z.object({ task_id: z.string(), approved: z.boolean() }).optional(),
  }),
  z.object({ event: z.literal("dropped"), task_id: z.string(), reason: z.string() }),
  z.object({ event: z.literal("frozen"), task_id: z.string() }),
  z.object({ event: z.literal("created"), tasks: z.int() }),
  z.object({ event: z.literal("says"), text: z.string() }),
  z.object({
    event: z.literal("outcome"),
    tasks: z.int(),
    completed: z.int(),
    /** Of all tasks together, as Baton counts them. */
    attempts: z.int(),
    tests_passed: z.int(),
    tests_failed: z.int(),
    problem: z.string().optional(),
  }),
]);

/** The answer to `claimed`, where the agent is cued. */
export const cue = z.object({ cue: z.enum(["go", "freeze"]) });

export type AgentSetup = z.infer<typeof agentSetup>;
export type Report = z.infer<typeof report>;
export type Cue = z.infer<typeof cue>;
