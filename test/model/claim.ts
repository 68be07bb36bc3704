/** The model of a claim: those that fit of the tasks found are handed out, each with its lease. */
import { LIMITS } from "../../src/domain/limits.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { admitted, markProbe } from "./breakers.ts";
import { lookThrough } from "./heads.ts";
import { isDoomed, lastMoment, move } from "./lifecycle.ts";
import { blockingNode, park } from "./locks.ts";
import { showMessages } from "./talk.ts";
import { type Visit } from "./visit.ts";
import { startLimit, type World } from "./world.ts";

export function claim(visit: Visit, wanted: number): TaskRecord[] {
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

export function overdue(world: World, { deadline }: TaskRecord): boolean {
  return deadline !== undefined && deadline <= world.now;
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
