/** The model of a poll: who polls, what it still holds, and what it claims. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type TaskRecord } from "../../../src/domain/task.ts";
import { type Notice } from "../../../src/store/codec.ts";
import { type Poll, type PollingAgent } from "../../../src/store/store.ts";
import { cancelTask } from "../cancel.ts";
import { claim, overdue } from "../claim.ts";
import { lose, miss } from "../failures.ts";
import { extend, showLife } from "../leases.ts";
import { isDoomed } from "../lifecycle.ts";
import { refused, type Reply, said, withNotices } from "../reply.ts";
import { expire, sweep } from "../sweep.ts";
import { isUnawareOf, tellHolder, tellStops } from "../talk.ts";
import { flush, noteWaiting, ring } from "../waiters.ts";
import { type Visit } from "../visit.ts";
import { type World } from "../world.ts";

interface Handed {
  readonly record: TaskRecord;
  readonly reviewed?: TaskRecord;
  readonly payload?: unknown;
  readonly held?: true;
}

export function poll(world: World, call: Poll): Reply {
  const met = meet({ world, asked: call.agent, checks: [...call.checks] });
  if ("refused" in met) return refused(met.refused);
  const { agent_type } = met.agent;
  return said({ now: world.now, agent_type, ...serve(met) });
}

/** Who polls; nothing is written where this is refused. */
export function meet({
  world,
  asked,
  checks,
}: {
  world: World;
  asked: PollingAgent & { readonly agent_id: string };
  checks: string[];
}): Visit | { readonly refused: object } {
  const { agent_id, key_id } = asked;
  const before = world.agents.get(agent_id);
  const unseen = world.now - (before?.seen ?? 0);
  if (before && before.key_id !== key_id && unseen < LIMITS.agent_name_kept_ms) {
    return {
      refused: { refused: "agent_taken", seen_seconds_ago: Math.floor(unseen / 1000) },
    };
  }
  if (before && asked.continues && before.poll !== asked.poll) {
    return { refused: { refused: "superseded" } };
  }
  const { instance } = asked;
  if (instance !== undefined && before?.replaced?.includes(instance)) {
    return { refused: { refused: "instance_replaced" } };
  }
  const agent_type = asked.agent_type ?? before?.agent_type;
  if (agent_type === undefined) return { refused: { refused: "agent_type_needed" } };
  if (!before && world.agents.size >= LIMITS.agents) {
    return { refused: { refused: "limit", limit: LIMITS.agents } };
  }
  const waits = (before?.waits_until ?? 0) > world.now && before?.poll !== undefined;
  if (asked.max_tasks > 0 && waits && before.poll !== asked.poll) ring(world, agent_id);
  const capabilities = asked.capabilities ?? before?.capabilities ?? [];
  const { capabilities: _, ...rest } = before ?? { agent_id, first_seen: world.now };
  const old = before?.instance;
  const takesOver = instance !== undefined && old !== undefined && instance !== old;
  const agent = {
    ...rest,
    ...(instance !== undefined && { instance }),
    ...(takesOver && {
      replaced: [...(before?.replaced ?? []), old].slice(-LIMITS.replaced_instances),
    }),
    agent_type,
    key_id,
    seen: world.now,
    ...(capabilities.length > 0 && { capabilities: [...capabilities] }),
  };
  return { world, agent, asked, checks, takesOver };
}

/** Gives the agent up to `max_tasks`, held ones included. */
export function serve(visit: Visit): { tasks: Handed[]; notices?: readonly Notice[] } {
  const { world, agent, asked, takesOver } = visit;
  const before = (agent.holds ?? []).map((id) => world.tasks.get(id));
  const held = stillHeld(visit);
  // A new process knows nothing of what the one before it held.
  if (takesOver) delete agent.stops;
  const lost = before
    .filter((task) => task !== undefined)
    .filter((task) => !takesOver && !held.includes(task) && isUnawareOf(task, agent))
    .map((task) => structuredClone(task));
  const told = held.flatMap((task) => tellHolder({ world, task }));
  const given = held.map((task) => handed({ world, task, held: true }));
  const room = asked.max_tasks - held.length;
  const claimed = claim(visit, room);
  if (claimed.length < room && sweep(world) > 0) {
    claimed.push(...claim(visit, room - claimed.length));
  }
  given.push(...claimed.map((task) => handed({ world, task, held: false })));
  const holds = [...held, ...claimed];
  note(visit, holds);
  told.push(...tellStops({ world, agent }, { lost, holds }));
  world.agents.set(agent.agent_id, agent);
  flush(world);
  sweep(world);
  return { tasks: given, ...withNotices(told) };
}

function handed({ world, task, held }: { world: World; task: TaskRecord; held: boolean }): Handed {
  const reviewed = task.reviews === undefined ? undefined : world.tasks.get(task.reviews);
  const payload = world.texts.get(`${task.task_id}:payload`);
  return {
    record: structuredClone(task),
    ...(reviewed && { reviewed: structuredClone(reviewed) }),
    ...(payload !== undefined && { payload: JSON.parse(payload) as unknown }),
    ...(held && { held }),
  };
}

function stillHeld({ world, agent, asked, takesOver }: Visit): TaskRecord[] {
  const held = (agent.holds ?? []).flatMap((id) => {
    const task = world.tasks.get(id);
    if (!task?.lease || task.lease.ended !== undefined) return [];
    if (task.lease.agent_id !== agent.agent_id || task.lease.key_id !== agent.key_id) return [];
    if (isDoomed(world, task)) {
      cancelTask(world, task);
      return [];
    }
    if (takesOver) {
      lose({ world, task }, "replaced");
      return [];
    }
    if (overdue(world, task)) {
      miss({ world, task }, "deadline");
      return [];
    }
    // A poll that may claim can be the re-send of the one that claimed: no sign that the worker lives.
    if (asked.max_tasks === 0) showLife(world, task);
    extend(world, task);
    return expire(world, task) ? [] : [task];
  });
  // What was given up may be claimed by the same call, after others were told of it.
  flush(world);
  return held;
}

function note({ world, agent, asked }: Visit, tasks: readonly TaskRecord[]): void {
  const { agent_type } = agent;
  const type_before = world.agents.get(agent.agent_id)?.agent_type;
  noteWaiting(world, { agent, asked, type_before, tasks });
  const before = world.agents.get(agent.agent_id);
  if (!before || before.offline) world.facts.push(`agent.online ${agent.agent_id}`);
  delete agent.offline;
  delete agent.holds;
  if (tasks.length > 0) agent.holds = tasks.map(({ task_id }) => task_id);
  if (asked.max_tasks > 0 && agent.waits_until !== undefined) {
    world.watches.set(agent_type, Math.max(world.watches.get(agent_type) ?? 0, agent.waits_until));
  }
  if ((world.types.get(agent_type) ?? 0) < world.now - LIMITS.types_noted_ms) {
    world.types.set(agent_type, world.now);
    forgetOldestType(world);
  }
}

/** Of too many types the one that was polled for longest ago goes. */
function forgetOldestType({ types }: World): void {
  if (types.size <= LIMITS.types_kept) return;
  const [oldest] = [...types].toSorted(([one, a], [two, b]) => a - b || (one < two ? -1 : 1));
  if (oldest) types.delete(oldest[0]);
}
