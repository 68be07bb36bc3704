/** Gives an agent work, waiting for it a while if there is none. */
import * as z from "zod";
import { leaseCheck } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import type { RefusedReply } from "../store/codec.ts";
import type { Poll } from "../store/store.ts";
import { agentId, agentType, capability, instance } from "./fields.ts";
import { handedOut, handOut } from "./hand-out.ts";
import { notices, sayNotices } from "./notices.ts";
import { type Call, defineOperation } from "./operation.ts";
import { shellWord } from "./text.ts";
import { waitMs } from "./wait-cap.ts";
import { hasNews, waitForWork } from "./wait-for-work.ts";

export const pollTasks = defineOperation({
  name: "poll_tasks",
  roles: AGENTS,
  waits: true,
  input: z.strictObject({
    agent_id: agentId,
    agent_type: agentType.optional(),
    capabilities: z.array(capability).max(LIMITS.capabilities).optional(),
    max_tasks: z.int().min(0).max(LIMITS.max_tasks).optional(),
    wait_seconds: z.int().min(0).optional(),
    lease_seconds: z.int().min(LIMITS.lease_seconds_min).max(LIMITS.lease_seconds_cap).optional(),
    /** Accepted for re-sends; what an agent holds is given again in any case. */
    poll_id: z.string().max(64).optional(),
    /** The process behind a runner: a new one ends what the one before it held. */
    instance: instance.optional(),
  }),
  output: z.looseObject({
    agent_id: z.string(),
    tasks: z.array(handedOut).optional(),
    timed_out: z.boolean().optional(),
    next: z.string().optional(),
    notices,
  }),
  run: async (call, input) => {
    const poll: Poll = {
      agent: {
        agent_id: input.agent_id,
        ...(input.agent_type !== undefined && { agent_type: input.agent_type }),
        ...(input.capabilities && { capabilities: [...new Set(input.capabilities)].toSorted() }),
        ...(input.instance !== undefined && { instance: input.instance }),
        key_id: call.caller.key_id,
        max_tasks: input.max_tasks ?? 1,
        lease_seconds: input.lease_seconds ?? 0,
        wait_ms: 0,
      },
      checks: freshChecks(call, input.max_tasks ?? 1),
    };
    const wait_ms = waitMs(call, {
      wait_seconds: input.wait_seconds ?? LIMITS.wait_seconds_default,
      is_runner: input.instance !== undefined,
    });
    const reply = await waitForWork(call, { poll, wait_ms });
    if ("refused" in reply && reply.refused.refused === "superseded") {
      return ok({ agent_id: input.agent_id, timed_out: true, next: SUPERSEDED });
    }
    if ("refused" in reply) return pollRefusal(reply.refused, input.agent_id);
    const { tasks, now } = reply.said;
    const told = sayNotices(reply.said.notices);
    if (tasks.length === 0) {
      const { agent_type, idle_ms } = reply.said;
      const news = hasNews(reply.said);
      const { max_tasks } = poll.agent;
      return ok({ ...idle(input.agent_id, { max_tasks, news, agent_type, idle_ms }), ...told });
    }
    return ok({
      agent_id: input.agent_id,
      tasks: await handOut(call.services.store, { tasks, now, beside: told }),
      ...told,
    });
  },
});

export function freshChecks(call: Call, count: number): string[] {
  return Array.from({ length: count }, () => leaseCheck(call.services.random));
}

const SUPERSEDED = "A newer poll_tasks under this agent_id waits now, and this one has ended.";

interface Idle {
  readonly max_tasks: number;
  /** It was told something new. */
  readonly news: boolean;
  readonly agent_type: string;
  readonly idle_ms: number;
}

/** A model that asks again and again pays for each turn: after a while it is told how to be woken instead. */
function idle(
  agent_id: string,
  { max_tasks, news, agent_type, idle_ms }: Idle,
): { agent_id: string; timed_out?: boolean; next: string } {
  if (news) return { agent_id, next: "Heed the notices, then call poll_tasks again." };
  if (max_tasks === 0) {
    return { agent_id, next: "You hold nothing. Call poll_tasks with max_tasks 1 for work." };
  }
  return {
    agent_id,
    timed_out: true,
    next:
      idle_ms < LIMITS.idle_ms
        ? "Nothing yet. Call poll_tasks again."
        : `Nothing for ${Math.floor(idle_ms / 60_000)} min. End your turn: npx baton wait --ready --agent-type ${shellWord(agent_type)} ends when there is work.`,
  };
}

export function pollRefusal(refused: RefusedReply, agent_id: string): Result<never> {
  switch (refused.refused) {
    case "agent_type_needed":
      return refuse(
        "agent_type_needed",
        `${agent_id} is new here: say its agent_type, such as planning, implementation or testing.`,
      );
    case "agent_taken":
      return refuse(
        "limit",
        `The name ${agent_id} belongs to an agent with another key (seen ${refused.seen_seconds_ago} s ago): take another, such as ${agent_id}-2.`,
        { seen_seconds_ago: refused.seen_seconds_ago },
      );
    case "instance_replaced":
      return refuse(
        "instance_replaced",
        `Another process works as ${agent_id} now, and what this one held has ended. Stop; run under an agent_id of your own.`,
      );
    case "limit":
      return refuse(
        "limit",
        `A project has at most ${LIMITS.agents} agents: use names again instead of new ones.`,
      );
    default:
      throw new Error(`unexpected refusal of a poll: ${refused.refused}`);
  }
}
