/** The model's circuit breakers: one per agent type and one per agent. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type BreakerForce } from "../../src/store/steering.ts";
import { type Breaker, type World } from "./world.ts";

/** `neutral`: it ended in a way that says nothing about the agent. */
export type Verdict = "good" | "bad" | "neutral";

function namesFor(task: TaskRecord): string[] {
  return [`type:${task.agent_type}`, `agent:${task.lease?.agent_id}`];
}

function stateOf(world: World, breaker: Breaker | undefined): "closed" | "open" | "half_open" {
  if (breaker?.forced) return breaker.forced;
  if (breaker?.until_ms === undefined) return "closed";
  return breaker.until_ms > world.now ? "open" : "half_open";
}

/** How an attempt ended. Call it while the task still names the lease's agent. */
export function noteOutcome(
  { world, task }: { world: World; task: TaskRecord },
  verdict: Verdict,
): void {
  for (const name of namesFor(task)) judge({ world, task, name, verdict });
}

function judge({
  world,
  task: { task_id },
  name,
  verdict,
}: {
  world: World;
  task: TaskRecord;
  name: string;
  verdict: Verdict;
}): void {
  const breaker = world.breakers.get(name);
  if (breaker?.probe === task_id) {
    if (verdict === "bad") return open({ world, name, breaker });
    world.breakers.delete(name);
    world.openedUp.push(name);
    world.facts.push(`breaker.closed breaker:${name}`);
    return;
  }
  if (verdict === "neutral" || stateOf(world, breaker) !== "closed") return;
  if (!breaker && verdict === "good") return;
  const outcomes = (breaker?.outcomes ?? []).filter(
    ({ at }) => at > world.now - LIMITS.breaker_window_ms,
  );
  const kept = [...outcomes, { at: world.now, task_id, ok: verdict === "good" }].slice(
    -LIMITS.breaker_outcomes,
  );
  const next = { ...breaker, outcomes: kept };
  world.breakers.set(name, next);
  const bad = kept.filter(({ ok }) => !ok);
  const tasks = new Set(bad.map((outcome) => outcome.task_id));
  if (next.forced) return;
  if (tasks.size < LIMITS.breaker_failures || bad.length * 2 < kept.length) return;
  const isFull = kept.length >= LIMITS.breaker_outcomes;
  if (isFull || bad.length >= goodLately(world, name)) open({ world, name, breaker: next });
}

/** A result was handed in: it speaks for its agent also where no breaker remembers anything. */
export function noteResult(world: World, names: { agent_type: string; agent_id: string }): void {
  world.handedIn.push({ at: world.now, ...names });
}

function goodLately({ handedIn, now }: World, name: string): number {
  return handedIn.filter(
    ({ at, agent_type, agent_id }) =>
      at > now - LIMITS.breaker_window_ms &&
      (name === `type:${agent_type}` || name === `agent:${agent_id}`),
  ).length;
}

function open({ world, name, breaker }: { world: World; name: string; breaker: Breaker }): void {
  const pause =
    breaker.pause_ms === undefined
      ? LIMITS.breaker_pause_ms
      : Math.min(breaker.pause_ms * 2, LIMITS.breaker_pause_max_ms);
  const { forced } = breaker;
  world.breakers.set(name, {
    pause_ms: pause,
    until_ms: world.now + pause,
    ...(forced && { forced }),
  });
  world.breakerTimers.set(name, world.now + pause);
  world.facts.push(`breaker.opened breaker:${name}`);
}

/** A probe that ended without an answer leaves its place to another. */
export function returnProbe(world: World, task: TaskRecord): void {
  for (const name of namesFor(task)) {
    const breaker = world.breakers.get(name);
    if (breaker?.probe !== task.task_id) continue;
    delete breaker.probe;
    world.openedUp.push(name);
  }
}

function breakersOf(world: World, agent: AgentRecord): Breaker[] {
  return [`type:${agent.agent_type}`, `agent:${agent.agent_id}`]
    .map((name) => world.breakers.get(name))
    .filter((breaker) => breaker !== undefined);
}

/** How many of `count` tasks it lets through. */
export function passes(world: World, name: string, count: number): number {
  const breaker = world.breakers.get(name);
  const state = stateOf(world, breaker);
  if (state === "open" || (state === "half_open" && breaker?.probe !== undefined)) return 0;
  return state === "half_open" ? Math.min(count, 1) : count;
}

/** How many of `count` tasks the agent may be handed, and whether they probe. */
export function admitted(
  { world, agent }: { world: World; agent: AgentRecord },
  count: number,
): { readonly count: number; readonly probes: boolean } {
  const breakers = breakersOf(world, agent);
  const probes = breakers.some((breaker) => stateOf(world, breaker) === "half_open");
  const ofType = passes(world, `type:${agent.agent_type}`, count);
  return { count: passes(world, `agent:${agent.agent_id}`, ofType), probes };
}

export function markProbe(
  { world, agent }: { world: World; agent: AgentRecord },
  task_id: string,
): void {
  for (const breaker of breakersOf(world, agent)) {
    if (stateOf(world, breaker) === "half_open") breaker.probe = task_id;
  }
}

/** People open or close a breaker, or leave it to itself again. */
export function force(world: World, { name, state }: BreakerForce): void {
  const own = name.replace(/^breaker:/, "");
  const before = world.breakers.get(own);
  const { probe: _probe, forced, until_ms, ...rest } = before ?? {};
  const after = {
    ...rest,
    ...(state && { forced: state }),
    ...(state && until_ms !== undefined && { until_ms }),
  };
  world.breakers.set(own, after);
  const is = stateOf(world, after);
  // Nothing is told twice, so that a re-send leaves no trace.
  if (forced === state && stateOf(world, before) === is) return;
  world.facts.push(`breaker.${is === "open" ? "opened" : "closed"} ${name}`);
  world.openedUp.push(own);
}

/** By its short name, such as `type:testing`. */
export function breakerState(world: World, name: string): "closed" | "open" | "half_open" {
  return stateOf(world, world.breakers.get(name));
}

/** The breakers that remember anything, as the store shows them. */
export function shownBreakers(world: World): { readonly name: string }[] {
  return [...world.breakers.keys()].toSorted().map((name) => shown(world, name));
}

function shown(world: World, name: string) {
  const breaker = world.breakers.get(name) ?? {};
  return {
    name: `breaker:${name}`,
    state: stateOf(world, breaker),
    ...(breaker.forced && { forced: true }),
    ...(breaker.until_ms !== undefined && { until_ms: breaker.until_ms }),
    ...(breaker.probe !== undefined && { probe: breaker.probe }),
    failed: (breaker.outcomes ?? []).filter(({ ok }) => !ok).length,
  };
}
