/**
 * What the model keeps: the same records as Redis. Of the indexes it keeps only what cannot be worked out from records;
 * the line, the counts and the dead letters are derived anew whenever they are needed.
 */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal, type Status } from "../../src/domain/lifecycle.ts";
import { LANE_WIDTH, PARKED_LANES, TIMER_OFFSET } from "../../src/domain/order.ts";
import { type ScheduleRecord } from "../../src/domain/schedule.ts";
import { type StagingRecord } from "../../src/domain/staging.ts";
import { type RunRecord, type TaskRecord } from "../../src/domain/task.ts";

export interface Outcome {
  readonly at: number;
  readonly task_id: string;
  readonly ok: boolean;
}

export interface Breaker {
  pause_ms?: number;
  until_ms?: number;
  probe?: string;
  outcomes?: Outcome[];
  /** Set by people: it stays so until they say otherwise. */
  forced?: "open" | "closed";
}

export interface Lane {
  readonly id: number;
  readonly agent_type: string;
  readonly requires?: readonly string[];
  readonly assignee?: string;
  /** Of those that were created for it, how many are kept. */
  tasks: number;
  /** Since when its first task is awaited. */
  since?: number;
}

export interface Turn {
  readonly task_id: string;
  readonly order: number;
  /** It was called: until then it goes before newer ones. */
  readonly until_ms?: number;
}

/** Of the table of locks. */
export interface Node {
  held: readonly string[];
  /** Leases that ran out, while nothing that overlaps was granted. */
  late: readonly string[];
  turns: readonly Turn[];
  waiting: boolean;
  /** Since when its waiters are to be looked at. */
  due?: number;
}

export interface StateEntry {
  readonly version: number;
  /** Milliseconds; 0 where it never expires. */
  readonly expires: number;
  /** JSON text. */
  readonly value: string;
}

/** What else follows a change of a task's status, as in `moves.lua`; `before` is the status that it had. */
export type Follower = (world: World, task: TaskRecord, before: Status) => void;

/** What an idempotency key stands for: a reply, or a workflow that is being staged. */
export interface Keyed {
  readonly fingerprint: string;
  readonly reply?: unknown;
  readonly run_id?: string;
}

export interface Staging {
  readonly record: StagingRecord;
  readonly tasks: Map<string, TaskRecord>;
  /** When it is removed, if nobody goes on with it. */
  at: number;
}

export interface Schedule {
  readonly record: ScheduleRecord;
  /** JSON text. */
  readonly workflow: string;
}

export interface World {
  now: number;
  readonly whenMoved: readonly Follower[];
  runSeq: number;
  readonly runs: Map<string, RunRecord>;
  readonly tasks: Map<string, TaskRecord>;
  /** Texts beside the records, by their full names (`r1t2:result`). */
  readonly texts: Map<string, string>;
  /** `<upstream>|<downstream>` */
  readonly edges: Set<string>;
  lanes: Lane[];
  laneSeq: number;
  /** Numbers of lanes that were forgotten. */
  freeLanes: number[];
  readonly agents: Map<string, AgentRecord>;
  /** When each agent type was last noted as polled for. */
  readonly types: Map<string, number>;
  /** Until when somebody waits for work of a type. */
  readonly watches: Map<string, number>;
  /** Agents that sleep until they are woken, as Redis lists them. */
  readonly waiting: Set<string>;
  /** What became ready since Lua last wrote, by agent type. */
  readonly wakes: Map<string, (Pick<TaskRecord, "agent_type"> & Partial<TaskRecord>)[]>;
  /** Breakers that let something through again since then. */
  openedUp: string[];
  /** What stood ready when Lua last wrote, by lane, in order. */
  standing: ReadonlyMap<number, readonly TaskRecord[]>;
  /** With which capabilities each of them went to sleep. */
  readonly sleepsWith: Map<string, readonly string[]>;
  /** Agents that hear what is published for them. */
  readonly hearing: Set<string>;
  /** Those that the call in progress told something, and for which task they were woken. */
  rung: string[];
  readonly woken: Map<string, string>;
  /** By "type:<type>" and "agent:<id>". */
  readonly breakers: Map<string, Breaker>;
  /** Every result that was handed in, as the event log tells it. */
  readonly handedIn: {
    readonly at: number;
    readonly agent_type: string;
    readonly agent_id: string;
  }[];
  /** When the waiters behind an open breaker are woken. */
  readonly breakerTimers: Map<string, number>;
  /** Tasks whose edges are followed only in part, with the time since when. */
  readonly pending: Map<string, number>;
  /** Workflows that are being staged, by the id of the run that they will be: nobody sees anything of them. */
  readonly stagings: Map<string, Staging>;
  /** Runs of which not all tasks are in their places, with the time since when. */
  readonly activating: Map<string, number>;
  /** Runs of which cancelling has not reached all tasks, with the time since when. */
  readonly cancelling: Map<string, number>;
  /** Ended parents with open children that are still to be cancelled, with the time since when. */
  readonly parting: Map<string, number>;
  /** How many tasks below others the call in progress may still cancel. */
  cancelsLeft: number;
  /** How many edges of tasks whose fate it changes the call in progress may still follow. */
  edgesLeft: { edges: number };
  scheduleSeq: number;
  readonly schedules: Map<string, Schedule>;
  /** When schedules are looked at: one that was found due is told again. A removed one may still stand there. */
  readonly cronTimers: Map<string, number>;
  /** Schedules that the call in progress has found due. */
  due: string[];
  readonly nodes: Map<string, Node>;
  /** When ended tasks are looked at for removal. */
  readonly removals: Map<string, number>;
  /** When retention next looks for what nobody will miss; 0 before it has. */
  tidyAt: number;
  readonly state: Map<string, StateEntry>;
  /** When entries of the shared state are looked at: one that was written again keeps its old timer. */
  readonly stateTimers: Map<string, number>;
  /** The highest version of an entry that expired: later entries go on from there. */
  stateFloor: number;
  /** Replies of requests that were carried out. */
  readonly operations: Map<string, { readonly fingerprint: string; readonly reply: unknown }>;
  readonly idempotency: Map<string, Keyed>;
  /** What the call in progress told: "<type> <subject>". */
  facts: string[];
}

export function newWorld(now: number, whenMoved: readonly Follower[]): World {
  return {
    now,
    whenMoved,
    runSeq: 0,
    runs: new Map(),
    tasks: new Map(),
    texts: new Map(),
    edges: new Set(),
    lanes: [],
    laneSeq: 0,
    freeLanes: [],
    agents: new Map(),
    types: new Map(),
    watches: new Map(),
    waiting: new Set(),
    wakes: new Map(),
    openedUp: [],
    standing: new Map(),
    sleepsWith: new Map(),
    hearing: new Set(),
    rung: [],
    woken: new Map(),
    breakers: new Map(),
    handedIn: [],
    breakerTimers: new Map(),
    pending: new Map(),
    stagings: new Map(),
    activating: new Map(),
    cancelling: new Map(),
    parting: new Map(),
    cancelsLeft: 0,
    edgesLeft: { edges: 0 },
    scheduleSeq: 0,
    schedules: new Map(),
    cronTimers: new Map(),
    due: [],
    nodes: new Map(),
    removals: new Map(),
    tidyAt: 0,
    state: new Map(),
    stateTimers: new Map(),
    stateFloor: 0,
    operations: new Map(),
    idempotency: new Map(),
    facts: [],
  };
}

export function runOf(world: World, { task_id }: TaskRecord): RunRecord {
  const run = world.runs.get(task_id.slice(0, task_id.indexOf("t")));
  if (!run) throw new Error(`the model has no run for ${task_id}`);
  return run;
}

/** Each number is led by a letter for its length, so that members sort like the numbers in them. */
export function memberOf(task_id: string): string {
  return task_id.replaceAll(/[rt](\d+)/g, (_, digits: string) =>
    String.fromCodePoint(96 + digits.length).concat(digits),
  );
}

/** When the waiters of a node are looked at; undefined where nothing changes by then. */
export function nodePlace({ waiting, due, turns }: Node): number | undefined {
  const times = [due, ...turns.map(({ until_ms }) => until_ms)].filter((at) => at !== undefined);
  return waiting && times.length > 0 ? Math.min(...times) : undefined;
}

export type TimerKind =
  | "place"
  | "deadline"
  | "start"
  | "edges"
  | "children"
  | "activate"
  | "cancel"
  | "unpark"
  | "state"
  | "breaker"
  | "cron";

export interface Timer {
  readonly at: number;
  readonly member: string;
  readonly kind: TimerKind;
  /** The task, the run, the node, the entry of the shared state, or the breaker. */
  readonly subject: string;
}

/** Everything that will happen by itself, the earliest first. */
export function timers(world: World): Timer[] {
  const found: Timer[] = [];
  const add = (at: number | undefined, kind: TimerKind, subject: string): void => {
    if (at === undefined) return;
    const member = kind === "place" ? memberOf(subject) : `${kind}:${subject}`;
    found.push({ at, member, kind, subject });
  };
  for (const task of world.tasks.values()) {
    // What was staged has timers once it is in its place.
    if (isTerminal(task.status) || task.staged) continue;
    const { task_id, status } = task;
    add(task.deadline, "deadline", task_id);
    if (status === "running") add(task.lease?.until_ms, "place", task_id);
    if (status === "scheduled") add(task.start_at, "place", task_id);
    if (status === "ready") add(startLimit(task), "start", task_id);
  }
  for (const [subject, at] of world.pending) add(at, "edges", subject);
  for (const [subject, at] of world.activating) add(at, "activate", subject);
  for (const [subject, at] of world.cancelling) add(at, "cancel", subject);
  for (const [subject, at] of world.parting) add(at, "children", subject);
  for (const [subject, node] of world.nodes) add(nodePlace(node), "unpark", subject);
  for (const [subject, at] of world.stateTimers) add(at, "state", subject);
  for (const [subject, at] of world.breakerTimers) add(at, "breaker", subject);
  for (const [subject, at] of world.cronTimers) add(at, "cron", subject);
  return found.toSorted((a, b) => a.at - b.at || (a.member < b.member ? -1 : 1));
}

/** Until when it has to be claimed for the first time. */
export function startLimit(task: TaskRecord): number | undefined {
  if (task.attempt > 0 || task.start_within_seconds === undefined) return undefined;
  return (task.ready_at ?? 0) + task.start_within_seconds * 1000;
}

/** Every member of the line with its score: each task stands in one place at most. */
export function line(world: World): Map<string, number> {
  const places = new Map<string, number>();
  for (const { member, at } of timers(world)) places.set(member, at - TIMER_OFFSET);
  for (const task of world.tasks.values()) {
    if (task.status === "ready") {
      const lane = task.lane + (task.parked === undefined ? 0 : PARKED_LANES);
      places.set(memberOf(task.task_id), lane * LANE_WIDTH + (task.order ?? Number.NaN));
    }
  }
  for (const [run_id, { at }] of world.stagings) places.set(`staging:${run_id}`, at);
  for (const [task_id, at] of world.removals) places.set(memberOf(task_id), at);
  return places;
}

/** Dead letters that nobody has dealt with, as Redis lists them. */
export function deadLetters(world: World): string[] {
  return [...world.tasks.values()]
    .filter((task) => task.status === "failed" && task.discarded_at === undefined)
    .map((task) => `${deadGroup(task.error_code ?? "")}${memberOf(task.task_id)}`)
    .toSorted();
}

export function deadGroup(code: string): string {
  return `${code.replaceAll("|", "/")}|`;
}

/** A waiter's place among the others, as Redis lists it. */
export function parkedMember({ parked = "", order = 0, task_id }: TaskRecord): string {
  return `${parked}\n${String(order).padStart(13, "0")}\n${memberOf(task_id)}`;
}

/** When an ended task is first looked at for removal. */
export function keptFor({ status, discarded_at }: TaskRecord): number {
  const dead = status === "failed" && discarded_at === undefined;
  return dead ? LIMITS.dead_letter_kept_ms : LIMITS.run_kept_ms;
}
