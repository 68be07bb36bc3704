/** The model's table of locks and concurrency keys: who holds them, who waits, and whose turn is next. */
import { LIMITS } from "../../src/domain/limits.ts";
import { type Status } from "../../src/domain/lifecycle.ts";
import { metNodes, ownNodes } from "../../src/domain/locks.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { flush, wake } from "./waiters.ts";
import { memberOf, type Node, nodePlace, type Turn, type World } from "./world.ts";

interface Subject {
  readonly world: World;
  readonly task: TaskRecord;
}

function needsSlot({ locks, concurrency_key }: TaskRecord): boolean {
  return locks !== undefined || concurrency_key !== undefined;
}

function nodeOf(world: World, name: string): Node {
  const node = world.nodes.get(name) ?? { held: [], late: [], turns: [], waiting: false };
  world.nodes.set(name, node);
  return node;
}

/** Something that stood in the way is gone. */
function free(world: World, node: Node): void {
  if (node.waiting) node.due ??= world.now;
}

function comesBefore(one: Turn, other: Turn): boolean {
  if (one.order !== other.order) return one.order < other.order;
  return memberOf(one.task_id) < memberOf(other.task_id);
}

function turnOf({ task_id, order = Number.NaN }: TaskRecord): Turn {
  return { task_id, order };
}

function isAhead({ world, task }: Subject, turn: Turn): boolean {
  if (turn.task_id === task.task_id || !comesBefore(turn, turnOf(task))) return false;
  return turn.until_ms === undefined ? turn.order <= world.now : turn.until_ms > world.now;
}

/** The first node that stands in its way; `held only`: whatever others wait for. */
export function blockingNode(subject: Subject, count: "all" | "held only"): string | undefined {
  const { world, task } = subject;
  const others = (name: string): number =>
    nodeOf(world, name).held.filter((id) => id !== task.task_id).length;
  const blocked = metNodes(task).find((name) => {
    const ahead = nodeOf(world, name).turns.filter((turn) => isAhead(subject, turn)).length;
    const room = name.startsWith("#") ? (task.concurrency_limit ?? 1) : 1;
    return others(name) + (count === "all" ? ahead : 0) >= room;
  });
  return blocked ?? ownNodes(task).find((name) => others(name) >= LIMITS.lock_holders);
}

function setTurn({ world, task }: Subject, until_ms?: number): void {
  for (const name of ownNodes(task)) {
    const node = nodeOf(world, name);
    const before = node.turns.find(({ task_id }) => task_id === task.task_id);
    const turn = { ...turnOf(task), ...(until_ms !== undefined && { until_ms }) };
    const all = [...node.turns.filter((other) => other !== before), turn].toSorted((a, b) =>
      comesBefore(a, b) ? -1 : 1,
    );
    node.turns = all.slice(0, LIMITS.lock_turns);
    const calledNoMore = before?.until_ms !== undefined && until_ms === undefined;
    const forgotten = all[LIMITS.lock_turns];
    const lost = forgotten === turn ? before !== undefined : forgotten !== undefined;
    if (lost || calledNoMore) free(world, node);
  }
}

export function park({ world, task }: Subject, name: string): void {
  task.parked = name;
  nodeOf(world, name).waiting = true;
  setTurn({ world, task });
}

function giveUpTurn({ world, task }: Subject): void {
  for (const name of ownNodes(task)) {
    const node = nodeOf(world, name);
    const kept = node.turns.filter(({ task_id }) => task_id !== task.task_id);
    if (kept.length < node.turns.length) free(world, node);
    node.turns = kept;
  }
}

/** Before its order changes. */
export function judgeAnew(subject: Subject): void {
  if (!needsSlot(subject.task) || subject.task.status !== "ready") return;
  giveUpTurn(subject);
  if (subject.task.parked !== undefined) wake(subject.world, subject.task);
  delete subject.task.parked;
}

/** Whether no lock of it was granted since its lease ran out. */
export function stillCovered({ world, task }: Subject): boolean {
  const names = ownNodes({ locks: task.locks });
  return names.every((name) => nodeOf(world, name).late.includes(task.task_id));
}

function mayComeBack({ status, lease }: TaskRecord): boolean {
  const ranOut = lease?.ended === "expired" || lease?.ended === "timed_out";
  return ranOut && (status === "ready" || status === "scheduled");
}

/** Locks and keys are held while a task runs, whatever begins or ends that. */
export function followSlots(world: World, task: TaskRecord, before: Status): void {
  if (!needsSlot(task)) return;
  if (before !== "running" && before !== "ready" && before !== "scheduled") return;
  if (before === "ready" && task.status !== "ready") {
    delete task.parked;
    if (task.status !== "running") giveUpTurn({ world, task });
  }
  if (task.status === "running") hold({ world, task });
  else if (before === "running") letGo({ world, task });
  else if (!mayComeBack(task)) forgetLate({ world, task });
}

function hold({ world, task }: Subject): void {
  forgetLate({ world, task });
  for (const name of ownNodes(task)) {
    const node = nodeOf(world, name);
    node.turns = node.turns.filter(({ task_id }) => task_id !== task.task_id);
    node.held = [...node.held, task.task_id];
  }
  for (const name of metNodes(task)) nodeOf(world, name).late = [];
}

function letGo({ world, task }: Subject): void {
  for (const name of ownNodes(task)) {
    const node = nodeOf(world, name);
    node.held = node.held.filter((id) => id !== task.task_id);
    free(world, node);
    if (mayComeBack(task) && !name.startsWith("#")) node.late = [...node.late, task.task_id];
    node.late = node.late.slice(-LIMITS.lock_holders);
  }
}

function forgetLate({ world, task }: Subject): void {
  for (const name of ownNodes(task)) {
    const node = nodeOf(world, name);
    node.late = node.late.filter((id) => id !== task.task_id);
  }
}

/** Those that are parked for the node, in their order. */
function waitersOf(world: World, name: string): TaskRecord[] {
  return [...world.tasks.values()]
    .filter(({ parked }) => parked === name)
    .toSorted((a, b) => (comesBefore(turnOf(a), turnOf(b)) ? -1 : 1));
}

/** The first few are called back, or wait for something else; where none of them stays, those behind them are next. */
export function lookAtWaiters(world: World, name: string): void {
  flush(world);
  const node = nodeOf(world, name);
  const at = nodePlace(node);
  if (at === undefined || at > world.now) return;
  delete node.due;
  node.turns = node.turns.filter(({ until_ms = Infinity }) => until_ms > world.now);
  const waiters = waitersOf(world, name).slice(0, LIMITS.waiters_per_look);
  const more = waiters.length === LIMITS.waiters_per_look;
  node.waiting = more;
  let stays = false;
  for (const task of waiters) {
    const blocking = blockingNode({ world, task }, "all");
    if (blocking === undefined) {
      delete task.parked;
      setTurn({ world, task }, world.now + LIMITS.turn_ms);
      wake(world, task);
    } else park({ world, task }, blocking);
    stays ||= blocking === name;
  }
  if (more && !stays) free(world, node);
}

/** What stands in the way of a parked task, as people are told. */
export function obstacleOf({ world, task }: Subject): object {
  const { held, turns } = nodeOf(world, task.parked ?? "");
  const holders = held.slice(0, LIMITS.holders_shown).map((task_id) => ({
    task_id,
    agent_id: world.tasks.get(task_id)?.lease?.agent_id,
  }));
  const first = turns.filter((turn) => isAhead({ world, task }, turn));
  return {
    count: held.length,
    ...(holders.length > 0 && { held: holders }),
    ...(first.length > 0 && { first: first.map(({ task_id }) => task_id) }),
  };
}
