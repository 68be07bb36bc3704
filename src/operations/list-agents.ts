/** Lists agents: what they hold, and when they were last seen. */
import * as z from "zod";
import { type AgentRecord, presence } from "../domain/agent.ts";
import { ok } from "../domain/refusal.ts";
import { EVERYBODY } from "../domain/role.ts";
import { breakersOf, showBreakers } from "./breakers.ts";
import { defineOperation } from "./operation.ts";

export const listAgents = defineOperation({
  name: "list_agents",
  roles: EVERYBODY,
  input: z.strictObject({ status: z.enum(["idle", "busy", "offline"]).optional() }),
  output: z.looseObject({
    agents: z.array(
      z.looseObject({ agent_id: z.string(), agent_type: z.string(), status: z.string() }),
    ),
    breakers: z.array(z.looseObject({ of: z.string(), state: z.string() })).optional(),
    more: z.string().optional(),
  }),
  run: async ({ services: { store } }, { status }) => {
    const reply = await store.agents("0");
    if ("refused" in reply) throw new Error("a listing was refused");
    const { agents, now, cursor } = reply.said;
    const breakers = showBreakers(await breakersOf(store));
    const shown = agents
      .toSorted((a, b) => b.seen - a.seen)
      .map((agent) => show(agent, now))
      .filter((agent) => status === undefined || agent.status === status);
    return ok({
      agents: shown,
      ...(breakers.length > 0 && { breakers }),
      ...(cursor !== "0" && { more: "There are more agents than are shown." }),
    });
  },
});

function show(
  agent: AgentRecord,
  now: number,
): { agent_id: string; agent_type: string; status: string } {
  const holds = agent.holds ?? [];
  const shown = {
    agent_id: agent.agent_id,
    agent_type: agent.agent_type,
    status: presence(agent, holds.length, now),
    ...(holds.length > 0 && { holds }),
    ...(agent.capabilities && { capabilities: agent.capabilities }),
    seen_seconds_ago: Math.max(0, Math.round((now - agent.seen) / 1000)),
  };
  return shown;
}
