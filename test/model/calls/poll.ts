/** The model of a poll: what the agent holds, then the heads of the lanes that it may serve. */
import { type AgentRecord } from "../../../src/domain/agent.ts";
import { LIMITS } from "../../../src/domain/limits.ts";
import { type TaskRecord } from "../../../src/domain/task.ts";
import { type Notice } from "../../../src/store/codec.ts";
import { type Poll, type PollingAgent } from "../../../src/store/store.ts";
import { admitted, markProbe } from "../breakers.ts";
import { cancelTask } from "../cancel.ts";
import { lose, miss } from "../failures.ts";
import { extend, showLife } from "../leases.ts";
import { isDoomed, lastMoment, move } from "../lifecycle.ts";
import { blockingNode, park } from "../locks.ts";
import { refused, type Reply, said, withNotices } from "../reply.ts";
import { expire, sweep } from "../sweep.ts";
import { isUnawareOf, showMessages, tellHolder, tellStops } from "../talk.ts";
import { flush, noteWaiting, ring } from "../waiters.ts";
import { memberOf, startLimit, type World } from "../world.ts";

/** An agent that polls, with its record and the fresh checks, the next one last. */
interface Visit {
  readonly world: World;
  readonly agent: AgentRecord;
  readonly asked: PollingAgent;
  readonly checks: string[];
  /** A new process speaks for the agent. */
  readonly takesOver: boolean;
}

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

function overdue(world: World, { deadline }: TaskRecord): boolean {
  return deadline !== undefined && deadline <= world.now;
}

function claim(visit: Visit, wanted: number): TaskRecord[] {
  const { world, agent } = visit;
  const { count, probes } = admitted({ world, agent }, wanted);
  if (count <= 0) return [];
  const claimed: TaskRecord[] = [];
  lookThrough(visit, count + LIMITS.claim_lookahead, (task) => {
    if (overdue(world, task) || isDoomed(world, task) || avoids(visit, task)) return false;
    if ((startLimit(task) ?? Infinity) <= world.now) return false;
    const blocking = blockingNode({ world, task }, "all");
    if (blocking === undefined) {
      handOut(visit, { task, probes });
      if (probes) markProbe({ world, agent }, task.task_id);
      claimed.push(task);
    } else park({ world, task }, blocking);
    return claimed.length === count;
  });
  return claimed;
}

type Position = NonNullable<AgentRecord["passed"]>[string];

/** A few of each lane in one order, then as many behind the places where the agent stopped last time. */
function lookThrough(visit: Visit, count: number, isEnough: (task: TaskRecord) => boolean): void {
  const { world, agent } = visit;
  const ready = [...world.tasks.values()]
    .filter(({ status, parked }) => status === "ready" && parked === undefined)
    .toSorted(before);
  let lanes = lanesFor(visit);
  const passed = new Map(Object.entries(agent.passed ?? {}));
  const positions = new Map<number, Position>();
  for (let rounds = 0, looked = 0; lanes.length > 0; rounds++) {
    if (rounds > 1 && looked >= LIMITS.claim_scan) break;
    const pages = lanes.map((id) => {
      const own = ready.filter(({ lane }) => lane === id);
      const { tasks, stop } = readOn(own, { position: positions.get(id), count });
      return { id, tasks, stop };
    });
    const found = pages.flatMap(({ tasks }) => tasks).toSorted(before);
    looked += found.length;
    if (found.some(isEnough)) break;
    for (const { id, stop } of pages) {
      const known = passed.get(String(id));
      if (!stop) passed.delete(String(id));
      else if (!known || !isBehind(known, stop)) passed.set(String(id), stop);
      positions.set(id, passed.get(String(id)) ?? { order: 0, member: "", ties: 0 });
    }
    lanes = pages.filter(({ stop }) => stop !== undefined).map(({ id }) => id);
  }
  delete agent.passed;
  if (passed.size > 0) agent.passed = Object.fromEntries(passed);
}

/** Reads those of the same moment again, and passes over what it knows. */
function readOn(
  lane: readonly TaskRecord[],
  { position, count }: { position: Position | undefined; count: number },
): { tasks: TaskRecord[]; stop?: Position } {
  const known = position?.ties ?? 0;
  const from = (position?.order ?? 0) + (known < LIMITS.claim_ties ? 0 : 1);
  const most = known < LIMITS.claim_ties ? count + known : count;
  const read = lane.filter(({ order = 0 }) => order >= from).slice(0, most);
  const tasks = read.filter((task) => !position || isBehind(placeOf(task), position));
  if (read.length < most) return { tasks };
  const last = read.at(-1)?.order ?? 0;
  const ties = read.filter(({ order }) => order === last).length;
  const stop = tasks.length > 0 ? placeOf(tasks.at(-1)) : position;
  return { tasks, stop: { order: 0, member: "", ...stop, ties } };
}

function placeOf(task: TaskRecord | undefined): { order: number; member: string } {
  return { order: task?.order ?? 0, member: memberOf(task?.task_id ?? "") };
}

function isBehind(
  a: { order: number; member: string },
  b: { order: number; member: string },
): boolean {
  return a.order - b.order > 0 || (a.order === b.order && a.member > b.member);
}

function before(a: TaskRecord, b: TaskRecord): number {
  return (a.order ?? 0) - (b.order ?? 0) || (memberOf(a.task_id) < memberOf(b.task_id) ? -1 : 1);
}

/** The lanes that the agent may serve, its own first; where they are too many, some now and the next ones next time. */
function lanesFor({ world, agent, asked }: Visit): number[] {
  const can = new Set(agent.capabilities);
  const served = world.lanes.filter(
    ({ agent_type, requires = [], assignee }) =>
      agent_type === agent.agent_type &&
      (assignee === undefined || assignee === agent.agent_id) &&
      requires.every((needed) => can.has(needed)),
  );
  const ids = [
    ...served.filter(({ assignee }) => assignee !== undefined),
    ...served.filter(({ assignee }) => assignee === undefined),
  ].map(({ id }) => id);
  const passed = Object.entries(agent.passed ?? {}).filter(([id]) => ids.includes(Number(id)));
  delete agent.passed;
  if (passed.length > 0) agent.passed = Object.fromEntries(passed);
  if (ids.length <= LIMITS.lanes_per_claim) {
    delete agent.lanes_from;
    return ids;
  }
  const begins = asked.listens && !agent.listens;
  const from = begins ? 0 : (agent.lanes_from ?? 0) % ids.length;
  const to = from + LIMITS.lanes_per_claim;
  if (to < ids.length) agent.lanes_from = to;
  else delete agent.lanes_from;
  const turned = ids.map((_, index) => ids[(from + index) % ids.length] ?? 0);
  return turned.slice(0, LIMITS.lanes_per_claim);
}

/** Others go first for a while: those that did not hand it back, or the one that worked on it before. */
function avoids({ world, agent }: Visit, { avoid, prefer, not_by }: TaskRecord): boolean {
  const kept = (mark: typeof avoid): boolean => mark !== undefined && mark.until_ms > world.now;
  return (
    not_by === agent.agent_id ||
    (kept(avoid) && avoid?.agent_id === agent.agent_id) ||
    (kept(prefer) && prefer?.agent_id !== agent.agent_id)
  );
}

function handOut(
  { world, agent, asked, checks }: Visit,
  { task, probes }: { task: TaskRecord; probes: boolean },
): void {
  move(world, task, "claim");
  task.attempt += 1;
  delete task.avoid;
  delete task.prefer;
  delete task.message;
  delete task.progress;
  const own = task.lease_seconds ?? (asked.lease_seconds || LIMITS.lease_seconds_default);
  const seconds = probes ? Math.min(own, LIMITS.breaker_probe_seconds) : own;
  task.lease = {
    check: checks.pop() ?? "",
    agent_id: agent.agent_id,
    key_id: agent.key_id,
    since: world.now,
    seconds,
    until_ms: 0,
    ...(probes && { probe: true as const }),
    ...(seconds < own && { shortened: true as const }),
  };
  task.lease.until_ms = Math.min(world.now + seconds * 1000, lastMoment(task));
  showMessages({ world, task });
  world.facts.push(`task.claimed ${task.task_id}`);
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
