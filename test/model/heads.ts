/** Where the model's agent looks for tasks: the lanes that it may serve, read on from where its last claims stopped. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type Visit } from "./visit.ts";
import { memberOf } from "./world.ts";

type Position = NonNullable<AgentRecord["passed"]>[string];

/** A few of each lane in one order, then as many behind the places where the agent stopped last time. */
export function lookThrough(
  visit: Visit,
  count: number,
  isEnough: (task: TaskRecord) => boolean,
): void {
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
