/** One call on the store and on the model, after which everything is compared. */
import { type RedisConnection } from "../../infra/local/redis/connection.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type ScheduleStore } from "../../src/store/schedules.ts";
import { type Store } from "../../src/store/store.ts";
import { type Transport } from "../../src/store/transport.ts";
import { type Call, imagine, perform } from "./call.ts";
import { difference } from "./difference.ts";
import { type Reply } from "./reply.ts";
import { type Ears } from "./ears.ts";
import { sleeperInVain } from "./in-vain.ts";
import { learn } from "./resolve-schedule.ts";
import { agentId, type History } from "./scene.ts";
import { type Clockwork, readView, viewOf } from "./view.ts";
import { flush } from "./waiters.ts";
import { timers, type World } from "./world.ts";

export interface Stage {
  readonly redis: RedisConnection;
  readonly transport: Transport;
  readonly project: string;
  readonly ears: Ears;
}

export interface Play {
  readonly stage: Stage;
  readonly store: Store;
  /** The same of a Worker that dies before it deletes a blob. */
  readonly dying: Store;
  readonly schedules: ScheduleStore;
  readonly world: World;
  readonly history: History;
  /** What was called so far, one line each. */
  readonly log: string[];
  clockwork: Clockwork;
  lastEvent: string;
  /** How many agents that wait were told something. */
  messages: number;
}

/** Makes one call. */
export async function step(play: Play, call: Call): Promise<Reply> {
  const { world, history, stage, log } = play;
  log.push(`${world.now} ${call.op} ${JSON.stringify(call.args)}`);
  world.facts = [];
  world.rung = [];
  world.woken.clear();
  world.due = [];
  const told = history.due.length;
  world.cancelsLeft = LIMITS.cancels_per_call;
  world.edgesLeft = { edges: LIMITS.edges_per_call };
  const before = { ...play.clockwork, first: timers(world)[0]?.at ?? Infinity };
  const performing = perform(
    call.op === "retire" && call.args.cut ? play.dying : play.store,
    call,
    play.schedules,
  );
  // Two calls in a row remove: the state is read once both are done.
  if (call.op === "retire") await performing;
  const reading = readView(stage.redis, {
    project: stage.project,
    runs: world.runSeq + 1,
    after: play.lastEvent,
  });
  const expected = imagine(world, call);
  flush(world);
  const [reply, { clockwork, lastEvent, ...stored }] = await Promise.all([performing, reading]);
  const differs =
    difference(expected, reply) ??
    difference(viewOf(world), stored) ??
    difference(world.rung.toSorted(), await stage.ears.heard()) ??
    difference(world.due, history.due.slice(told), "schedules found due") ??
    sleeperInVain(world);
  if (differs !== undefined) throw new Error(differs);
  play.clockwork = clockwork;
  play.lastEvent = lastEvent;
  play.messages += world.rung.length;
  checkClockwork(play);
  checkThrift(play, { call, before });
  if ("said" in reply && ARMING.has(call.op) && !asksFirst(reply.said)) checkArmed(play);
  remember(history, { call, reply });
  return reply;
}

/** From now on the agent hears what is published for it, or no more. */
export async function listen(
  { world, stage, log }: Play,
  { agent, hears }: { agent: number; hears: boolean },
): Promise<void> {
  const agent_id = agentId(agent);
  log.push(`(${agent_id} ${hears ? "listens" : "is deaf"})`);
  await stage.ears.listen(agent_id, hears);
  if (hears) world.hearing.add(agent_id);
  else world.hearing.delete(agent_id);
}

export function pass(play: Play, ms: number): void {
  play.world.now += ms;
  play.log.push(`(${ms} ms pass)`);
}

/** To the next timer that is not due yet, give or take `offset`. */
export function passToTimer(play: Play, offset: number): void {
  const { now } = play.world;
  const next = timers(play.world).find(({ at }) => at > now);
  if (next) pass(play, Math.max(0, next.at + offset - now));
}

/** The next due time may be early, but never late; and the tick that is armed is the one that was sent last. */
function checkClockwork({ world, history, clockwork: { next_due, generation } }: Play): void {
  const [first] = timers(world);
  if (first && (next_due === 0 || next_due > first.at)) {
    throw new Error(`next_due is ${next_due}, but ${first.member} is due at ${first.at}`);
  }
  const sent = history.ticks.at(-1)?.generation ?? 0;
  if (sent !== generation) {
    throw new Error(`generation ${generation} is armed, but ${sent} was sent last`);
  }
}

/** A tick that comes late, twice or early arms a further one only if that is needed: else they would multiply. */
function checkThrift(
  { world, clockwork }: Play,
  { call, before }: { call: Call; before: Clockwork & { readonly first: number } },
): void {
  if (call.op !== "tick" || clockwork.generation === before.generation) return;
  const itsTurn = before.armed === 0 || call.args.generation === before.generation;
  const lost = before.armed < world.now - LIMITS.tick_lost_ms;
  const first = Math.min(before.first, timers(world)[0]?.at ?? Infinity);
  if (itsTurn || lost || before.armed > first + LIMITS.tick_slack_ms) return;
  throw new Error(
    `a tick was armed for ${clockwork.armed}, beside one that comes at ${before.armed}`,
  );
}

/** Calls that only look: to send one again shows nothing. */
const LOOKING = new Set<Call["op"]>(["read", "wait", "why", "letters", "agents"]);

/** Calls that always write something, unless they are refused or ask for a check first. */
const ARMING = new Set<Call["op"]>(["poll", "heartbeat", "submit", "getState", "tick"]);

function asksFirst(said: unknown): boolean {
  return typeof said === "object" && said !== null && "check" in said;
}

/** A tick that serves the earliest timer must be on its way. */
function checkArmed({ world, clockwork: { next_due, armed } }: Play): void {
  if (next_due === 0) return;
  const served = armed <= Math.max(next_due, world.now) + LIMITS.tick_slack_ms;
  if (armed === 0 || armed < world.now - LIMITS.tick_lost_ms || !served) {
    throw new Error(`a timer is due at ${next_due}, but the tick that is armed comes at ${armed}`);
  }
}

function remember(history: History, { call, reply }: { call: Call; reply: Reply }): void {
  const mutating = !LOOKING.has(call.op);
  if (mutating && !history.calls.includes(call)) history.calls.push(call);
  learn(history, { call, reply });
  if ("said" in reply && call.op === "stage") noteStaging(history, { call, said: reply.said });
  if (!("said" in reply) || (call.op !== "poll" && call.op !== "submit")) return;
  const key_id = call.op === "poll" ? call.args.agent.key_id : call.args.lease.key_id;
  const { tasks = [] } = reply.said as {
    tasks?: { record: { task_id: string; attempt: number; lease: { check: string } } }[];
  };
  for (const { record } of tasks) {
    const { task_id, attempt, lease } = record;
    const known = history.leases.some(
      (held) => held.check === lease.check && held.task_id === task_id,
    );
    if (!known) history.leases.push({ task_id, attempt, check: lease.check, key_id });
  }
}

function noteStaging(
  { stagings }: History,
  { call, said }: { call: Call & { op: "stage" }; said: unknown },
): void {
  const { run_id } = said as { run_id?: string };
  const begun = stagings.find(({ creation }) => creation.operation_id === call.args.operation_id);
  if (begun && run_id !== undefined) begun.run_id = run_id;
}
