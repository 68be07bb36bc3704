/** Nobody sleeps while there is work that he may have: the claim that each sleeper would make comes back empty. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { admitted, breakerState } from "./breakers.ts";
import { isDoomed } from "./lifecycle.ts";
import { blockingNode } from "./locks.ts";
import { mayHave, standingNow, waitingMember } from "./waiters.ts";
import { startLimit, timers, type World } from "./world.ts";

/**
 * What is due and was not handled yet changes what there is. Of the end of a time in which others go first nobody tells
 * sleepers: they look for themselves.
 */
export function sleeperInVain(world: World): string | undefined {
  if ((timers(world)[0]?.at ?? Infinity) <= world.now) return undefined;
  // One call considers so many.
  if (world.agents.size > LIMITS.waiters_per_wake) return undefined;
  const sleepers = [...world.agents.values()].filter(
    (agent) =>
      world.waiting.has(waitingMember(agent)) &&
      (agent.waits_until ?? 0) > world.now &&
      admitted({ world, agent }, 1).count > 0 &&
      isAsItWas(world, agent) &&
      hasLookedThrough(agent) &&
      !isProbing(world, agent),
  );
  for (const tasks of standingNow(world).values()) {
    for (const task of tasks.filter((task) => isFree(world, task))) {
      const sleeper = sleepers.find(
        (agent) =>
          agent.agent_type === task.agent_type && mayHave(task, agent) && isOpenTo(task, agent),
      );
      if (sleeper) return `${sleeper.agent_id} sleeps while ${task.task_id} is ready`;
    }
  }
  return undefined;
}

/** Where there are more lanes or places than one look takes in, it is told to go on at once. */
function hasLookedThrough({ lanes_from, passed }: AgentRecord): boolean {
  return lanes_from === undefined && passed === undefined;
}

/** It may have said since what else it can, without asking for work. */
function isAsItWas({ sleepsWith }: World, { agent_id, capabilities = [] }: AgentRecord): boolean {
  return String(sleepsWith.get(agent_id)) === String(capabilities);
}

/** Somebody was woken for the probe, and has not taken it yet. */
function isProbing(world: World, { agent_type }: AgentRecord): boolean {
  if (breakerState(world, `type:${agent_type}`) !== "half_open") return false;
  return [...world.agents.values()].some(({ woken_for }) => woken_for !== undefined);
}

/** It does not go to others first, nor did until lately. */
function isOpenTo({ avoid, prefer }: TaskRecord, { agent_id }: AgentRecord): boolean {
  return avoid?.agent_id !== agent_id && (prefer?.agent_id ?? agent_id) === agent_id;
}

function isFree(world: World, task: TaskRecord): boolean {
  const { deadline = Infinity } = task;
  return (
    Math.min(deadline, startLimit(task) ?? Infinity) > world.now &&
    !isDoomed(world, task) &&
    blockingNode({ world, task }, "all") === undefined
  );
}
