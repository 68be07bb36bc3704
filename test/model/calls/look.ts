/** The model of calls that only look: each handles a few due items first, so that nothing shown is stale. */
import { type AgentRecord } from "../../../src/domain/agent.ts";
import { type TaskRecord } from "../../../src/domain/task.ts";
import { type DeadListing } from "../../../src/store/looks.ts";
import { type BreakerForce } from "../../../src/store/steering.ts";
import { force, shownBreakers } from "../breakers.ts";
import { type Reply, said } from "../reply.ts";
import { sweep } from "../sweep.ts";
import { noteAbsent } from "../tidy.ts";
import { deadGroup, deadLetters, memberOf, timers, type World } from "../world.ts";
import { flush } from "../waiters.ts";

export function read(world: World, names: readonly string[]): Reply {
  sweep(world);
  const records = names
    .map((name) => world.tasks.get(name) ?? world.runs.get(name))
    .filter((record) => record !== undefined);
  return said({ now: world.now, records, texts: {} });
}

export function letters(world: World, { code, limit }: DeadListing): Reply {
  sweep(world);
  const all = deadLetters(world);
  const codes = new Set(all.map((letter) => letter.slice(0, letter.lastIndexOf("|"))));
  const groups = [...codes].map((code) => ({
    code,
    count: all.filter((letter) => letter.startsWith(deadGroup(code))).length,
  }));
  const page = all
    .filter((letter) => code === undefined || letter.startsWith(deadGroup(code)))
    .slice(0, limit);
  const records = page.map((letter) => taskBehind(world, letter));
  return said({
    now: world.now,
    next: page.length === limit ? page.at(-1) : null,
    groups,
    records,
  });
}

function taskBehind(world: World, letter: string): TaskRecord | undefined {
  const member = letter.slice(letter.lastIndexOf("|") + 1);
  return [...world.tasks.values()].find(({ task_id }) => memberOf(task_id) === member);
}

export function agents(world: World): Reply {
  sweep(world);
  const shown = [...world.agents.values()].map((agent) => withoutHints(world, agent));
  return said({ now: world.now, cursor: "0", agents: shown.toSorted(byId) });
}

/** What it really holds, instead of what it may hold. */
function withoutHints(world: World, { holds = [], ...agent }: AgentRecord): AgentRecord {
  const held = holds.filter((id) => {
    const lease = world.tasks.get(id)?.lease;
    return lease && lease.ended === undefined && lease.agent_id === agent.agent_id;
  });
  return { ...agent, ...(held.length > 0 && { holds: held }) };
}

function byId(a: { agent_id: string }, b: { agent_id: string }): number {
  return a.agent_id < b.agent_id ? -1 : 1;
}

export function tick(world: World, { limit, resend }: { limit: number; resend?: boolean }): Reply {
  const swept = sweep(world, limit);
  if (resend) noteAbsent(world);
  const [first] = timers(world);
  const due = first !== undefined && first.at <= world.now;
  return said({ now: world.now, swept, due, overdue_ms: due ? world.now - first.at : 0 });
}

export function breakers(world: World, change?: BreakerForce): Reply {
  if (change) {
    force(world, change);
    flush(world);
  }
  sweep(world);
  return said({ now: world.now, breakers: shownBreakers(world) });
}
