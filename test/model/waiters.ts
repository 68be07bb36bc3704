/** The model of agents that sleep until they are woken. Whoever is called and does not hear is struck off. */
import { createHash } from "node:crypto";
import { LIMITS } from "../../src/domain/limits.ts";
import { type AgentRecord } from "../../src/domain/agent.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type PollingAgent } from "../../src/store/store.ts";
import { passes } from "./breakers.ts";
import { memberOf, type World } from "./world.ts";

/** What somebody may be woken for: a task, or whatever he may have. */
export type Call = Pick<TaskRecord, "agent_type"> & Partial<TaskRecord>;

export function wake(world: World, task: Call): void {
  const calls = world.wakes.get(task.agent_type) ?? [];
  world.wakes.set(task.agent_type, calls);
  calls.push(task);
}

/** Says something to the agent; true where it hears. */
export function ring(world: World, agent_id: string): boolean {
  if (!world.hearing.has(agent_id)) return false;
  world.rung.push(agent_id);
  return true;
}

/** Where Lua writes what a call has changed so far. */
export function flush(world: World): void {
  const types = openUp(world);
  const called = [...world.wakes];
  world.wakes.clear();
  for (const [type, calls] of called) {
    if ((world.watches.get(type) ?? 0) <= world.now) continue;
    const waiters = waitersOf(world, type);
    let most = passes(world, `type:${type}`, waiters.length);
    const all =
      types.has(type) && most > 0 ? [...calls, ...standing(world, calls, waiters)] : calls;
    for (const call of all) {
      if (most > 0 && isWaitingForSomebody(call) && findWorker({ world, call, waiters })) most -= 1;
    }
  }
  world.standing = standingNow(world);
}

/** Types of which everything that stands ready may have somebody who waits; of agents, they themselves are called. */
function openUp(world: World): Set<string> {
  const types = new Set<string>();
  for (const name of world.openedUp) {
    const [of, id] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    const agent = of === "agent" ? world.agents.get(id) : undefined;
    if (of === "type") {
      types.add(id);
      if (!world.wakes.has(id)) world.wakes.set(id, []);
    } else if (agent?.listens) wake(world, { agent_type: agent.agent_type, assignee: id });
  }
  world.openedUp = [];
  return types;
}

function isWaitingForSomebody({ status, parked }: Call): boolean {
  return status === undefined || (status === "ready" && parked === undefined);
}

function waitersOf(world: World, type: string): AgentRecord[] {
  const low = digest(type);
  return [...world.waiting]
    .filter((member) => member.startsWith(low))
    .toSorted()
    .slice(0, LIMITS.waiters_per_wake)
    .flatMap((member) => world.agents.get(member.slice(low.length)) ?? [])
    .filter(({ agent_id }) => passes(world, `agent:${agent_id}`, 1) > 0);
}

interface Search {
  readonly world: World;
  readonly call: Call;
  readonly waiters: readonly AgentRecord[];
}

function findWorker(search: Search): boolean {
  const { world, call } = search;
  const first = wakeOne(search, (agent) => !isKept(world, { task: call, agent }));
  if (first) {
    keepFor(world, { call, agent: first });
    return true;
  }
  return (call.avoid ?? call.prefer) !== undefined && wakeOne(search, () => true) !== undefined;
}

/** The first that hears it. One that does not wait any more, or does not hear, is struck off. */
function wakeOne(
  { world, call, waiters }: Search,
  fits: (agent: AgentRecord) => boolean,
): AgentRecord | undefined {
  return waiters.find((agent) => {
    const member = waitingMember(agent);
    if (!world.waiting.has(member) || !mayHave(call, agent) || !fits(agent)) return false;
    world.waiting.delete(member);
    return (agent.waits_until ?? 0) > world.now && ring(world, agent.agent_id);
  });
}

function keepFor(world: World, { call, agent }: { call: Call; agent: AgentRecord }): void {
  const { prefer, task_id } = call;
  const { agent_id } = agent;
  if (task_id === undefined) return;
  if (prefer?.agent_id === agent_id && prefer.until_ms > world.now) return;
  call.prefer = { agent_id, until_ms: world.now + LIMITS.woken_first_ms };
  agent.woken_for = task_id;
  delete agent.listens;
  world.woken.set(agent_id, task_id);
}

/** Whether it goes to others first. */
function isKept(
  { now }: World,
  { task: { avoid, prefer }, agent: { agent_id } }: { task: Call; agent: AgentRecord },
): boolean {
  if (prefer && prefer.agent_id !== agent_id && prefer.until_ms > now) return true;
  return avoid?.agent_id === agent_id && avoid.until_ms > now;
}

export function mayHave({ assignee, not_by, requires = [] }: Call, agent: AgentRecord): boolean {
  const { agent_id, capabilities = [] } = agent;
  const able = requires.every((needed) => capabilities.includes(needed));
  return able && not_by !== agent_id && (assignee === undefined || assignee === agent_id);
}

/** The first tasks in lanes that some of these may serve, besides those at hand. */
function standing(
  world: World,
  calls: readonly Call[],
  waiters: readonly AgentRecord[],
): TaskRecord[] {
  const found: TaskRecord[] = [];
  for (const lane of world.lanes) {
    const call = { ...lane, requires: [...(lane.requires ?? [])] };
    if (lane.agent_type !== waiters[0]?.agent_type || found.length >= LIMITS.waiters_per_wake)
      continue;
    if (!waiters.some((agent) => mayHave(call, agent))) continue;
    const first = (world.standing.get(lane.id) ?? []).slice(0, waiters.length);
    found.push(...first.filter((task) => !calls.includes(task)));
  }
  return found;
}

export function standingNow({ tasks }: World): Map<number, TaskRecord[]> {
  const ready = [...tasks.values()]
    .filter(({ status, parked }) => status === "ready" && parked === undefined)
    .toSorted(
      (a, b) =>
        (a.order ?? 0) - (b.order ?? 0) || (memberOf(a.task_id) < memberOf(b.task_id) ? -1 : 1),
    );
  return Map.groupBy(ready, ({ lane }) => lane);
}

interface Visitor {
  readonly agent: AgentRecord;
  readonly asked: PollingAgent;
  readonly type_before: string | undefined;
  /** What it is given. */
  readonly tasks: readonly TaskRecord[];
}

/** Whether the agent waits from now on. */
export function noteWaiting(world: World, { agent, asked, type_before, tasks }: Visitor): void {
  const { agent_id } = agent;
  const woken_for = world.woken.get(agent_id);
  if (woken_for !== undefined) agent.woken_for = woken_for;
  if (agent.listens && type_before !== undefined && type_before !== agent.agent_type) {
    world.waiting.delete(waitingMember({ ...agent, agent_type: type_before }));
    delete agent.listens;
  }
  if (asked.max_tasks === 0) return;
  passOn(world, agent, tasks);
  const hasWork = tasks.length > 0;
  if (hasWork) delete agent.idle_since;
  else agent.idle_since ??= world.now;
  const waits = asked.wait_ms > 0 && !hasWork;
  delete agent.waits_until;
  delete agent.poll;
  if (waits) agent.waits_until = world.now + asked.wait_ms;
  if (waits && asked.poll !== undefined) agent.poll = asked.poll;
  const member = waitingMember(agent);
  if (waits && asked.listens) {
    world.waiting.add(member);
    world.sleepsWith.set(agent_id, agent.capabilities ?? []);
    agent.listens = true;
  } else if (agent.listens) {
    world.waiting.delete(member);
    delete agent.listens;
  }
}

/** Who was woken for a task and has taken another lets others have it. */
function passOn(world: World, agent: AgentRecord, tasks: readonly TaskRecord[]): void {
  const { agent_id, woken_for } = agent;
  if (woken_for === undefined || tasks.length === 0) return;
  delete agent.woken_for;
  const task = world.tasks.get(woken_for);
  if (!task || tasks.includes(task)) return;
  if (task.status !== "ready" || task.prefer?.agent_id !== agent_id) return;
  delete task.prefer;
  wake(world, task);
}

export function waitingMember({ agent_type, agent_id }: AgentRecord): string {
  return digest(agent_type) + agent_id;
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
