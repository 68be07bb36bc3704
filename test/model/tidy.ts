/** The model of what retention forgets besides tasks: agents, their breakers, and agent types. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { waitingMember } from "./waiters.ts";
import { type Lane, type World } from "./world.ts";

export function tidy(world: World): void {
  if (world.tidyAt > world.now) return;
  world.tidyAt = world.now + LIMITS.tidy_each_ms;
  const before = world.now - LIMITS.agent_kept_ms;
  for (const agent of world.agents.values()) {
    if (agent.seen <= before && !isHolding(world, agent)) {
      world.agents.delete(agent.agent_id);
      if (!agent.offline) world.facts.push(`agent.offline ${agent.agent_id}`);
      if (agent.listens) world.waiting.delete(waitingMember(agent));
    }
  }
  // What people forced stays until they say otherwise.
  for (const [name, { forced, probe, until_ms = 0, outcomes = [] }] of world.breakers) {
    const agent = name.startsWith("agent:") ? name.slice(6) : undefined;
    const last = Math.max(until_ms, ...outcomes.map(({ at }) => at));
    const outdated = agent === undefined ? !probe && last <= before : !world.agents.has(agent);
    if (outdated && !forced) world.breakers.delete(name);
  }
  const needed = ({ tasks, since = 0 }: Lane): boolean =>
    tasks > 0 || since > world.now - LIMITS.lane_kept_ms;
  const gone = world.lanes.filter((lane) => !needed(lane)).map(({ id }) => id);
  world.lanes = world.lanes.filter(needed);
  world.freeLanes = [...world.freeLanes, ...gone].toSorted((a, b) => a - b);
  for (const [type, polled] of world.types) if (polled <= before) world.types.delete(type);
  for (const [type, until] of world.watches) if (until <= world.now) world.watches.delete(type);
}

/** When the watchdog looks: a display, which decides nothing. */
export function noteAbsent(world: World): void {
  const before = world.now - LIMITS.offline_seconds * 1000;
  for (const agent of world.agents.values()) {
    const waits = (agent.waits_until ?? 0) > world.now;
    if (agent.offline || agent.seen >= before || waits || isHolding(world, agent)) continue;
    agent.offline = true;
    world.facts.push(`agent.offline ${agent.agent_id}`);
  }
}

function isHolding(world: World, { agent_id, holds = [] }: AgentRecord): boolean {
  return holds.some((id) => {
    const lease = world.tasks.get(id)?.lease;
    return lease && lease.ended === undefined && lease.agent_id === agent_id;
  });
}
