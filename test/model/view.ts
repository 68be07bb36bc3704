/** The whole state of a project in one form, read from Redis or worked out from the model, so that both can be compared. */
import { type RedisConnection } from "../../infra/local/redis/connection.ts";
import { RespError, type RespValue, textOf } from "../../infra/local/redis/resp.ts";
import { type Keys, keysOf, SHARDS } from "../../src/store/keys.ts";
import { deadLetters, line, type Node, parkedMember, type World } from "./world.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface View {
  readonly records: Fields;
  readonly texts: Fields;
  readonly line: Fields;
  readonly edges: readonly string[];
  readonly dead: readonly string[];
  readonly nodes: Fields;
  readonly parked: readonly string[];
  readonly waiting: readonly string[];
  readonly state: Fields;
  readonly stateNames: readonly string[];
  readonly idempotency: Fields;
  readonly schedules: Fields;
  readonly control: Fields;
  /** What the last call told. */
  readonly facts: readonly string[];
}

/** Bookkeeping that is free within bounds. Milliseconds; 0 where there is none. */
export interface Clockwork {
  readonly next_due: number;
  readonly armed: number;
  readonly generation: number;
}

export function viewOf(world: World): View {
  const state = [...world.state].map(
    ([name, { version, expires, value }]) => [name, `${version} ${expires} ${value}`] as const,
  );
  return {
    records: recordsOf(world),
    texts: Object.fromEntries(world.texts),
    line: Object.fromEntries(line(world)),
    edges: [...world.edges].toSorted(),
    dead: deadLetters(world),
    nodes: nodesOf(world),
    parked: parkedIn(world),
    waiting: [...world.waiting].toSorted(),
    state: Object.fromEntries(state),
    stateNames: [...world.state.keys()].toSorted(),
    idempotency: Object.fromEntries(world.idempotency),
    schedules: schedulesOf(world),
    control: controlOf(world),
    facts: world.facts.toSorted(),
  };
}

/** What is empty is not stored. */
function nodesOf({ nodes }: World): Fields {
  const shown = ({ held, late, turns, waiting, due }: Node): Fields => ({
    ...(held.length > 0 && { held }),
    ...(late.length > 0 && { late }),
    ...(turns.length > 0 && { turns }),
    ...(waiting && { waiting }),
    ...(due !== undefined && { due }),
  });
  return Object.fromEntries(
    [...nodes]
      .map(([name, node]) => [name, shown(node)] as const)
      .filter(([, node]) => Object.keys(node).length > 0),
  );
}

function parkedIn({ tasks }: World): string[] {
  return [...tasks.values()]
    .filter(({ parked }) => parked !== undefined)
    .map(parkedMember)
    .toSorted();
}

function recordsOf({ tasks, runs, stagings }: World): Fields {
  const begun = [...stagings.values()];
  const records = begun.map(({ record }) => [`${record.run_id}:staging`, record] as const);
  const hidden = begun.flatMap(({ tasks }) => Array.from(tasks));
  return Object.fromEntries([...tasks, ...runs, ...records, ...hidden]);
}

function schedulesOf({ scheduleSeq, schedules }: World): Fields {
  const fields = [...schedules].flatMap(([id, { record, workflow }]): [string, unknown][] => [
    [id, record],
    [`${id}:workflow`, JSON.parse(workflow)],
  ]);
  return {
    ...(scheduleSeq > 0 && { seq: scheduleSeq }),
    ...(schedules.size > 0 && { ids: [...schedules.keys()] }),
    ...Object.fromEntries(fields),
  };
}

function controlOf(world: World): Fields {
  const lanes: Record<string, unknown[]> = {};
  for (const { agent_type, ...lane } of world.lanes) {
    (lanes[`lanes:${agent_type}`] ??= []).push(lane);
  }
  const named = (prefix: string, map: ReadonlyMap<string, unknown>): [string, unknown][] =>
    [...map].map(([name, value]) => [`${prefix}:${name}`, value]);
  return {
    ...lanes,
    ...(world.runSeq > 0 && { run_seq: world.runSeq }),
    ...(world.laneSeq > 0 && { lane_seq: world.laneSeq }),
    ...(world.freeLanes.length > 0 && { free_lanes: world.freeLanes }),
    ...(world.types.size > 0 && { types: Object.fromEntries(world.types) }),
    ...(world.agents.size > 0 && { agents: world.agents.size }),
    // So few agents are one page.
    ...(world.tidyAt > 0 && { tidy_at: world.tidyAt, tidy_from: 0 }),
    ...(world.stateFloor > 0 && { state_floor: world.stateFloor }),
    ...Object.fromEntries([
      ...named("watch", world.watches),
      ...named("agent", world.agents),
      ...named("breaker", world.breakers),
    ]),
  };
}

/** Reads everything that a project keeps. Sent in the same turn of the event loop, behind what was sent before. */
export async function readView(
  redis: RedisConnection,
  { project, runs, after }: { project: string; runs: number; after: string },
): Promise<View & { readonly clockwork: Clockwork; readonly lastEvent: string }> {
  const keys = keysOf(project);
  const shards = shardsOf(keys, runs);
  const replies = await redis.batch([
    ["HGETALL", keys.project.control],
    ["ZRANGE", keys.project.line, "0", "-1", "WITHSCORES"],
    ["ZRANGE", keys.project.edges, "0", "-1"],
    ["ZRANGE", keys.project.dead, "0", "-1"],
    ["HGETALL", keys.project.locks],
    ["ZRANGE", keys.project.parked, "0", "-1"],
    ["ZRANGE", keys.project.waiting, "0", "-1"],
    ["HGETALL", keys.project.state],
    ["ZRANGE", keys.project.state_names, "0", "-1"],
    ["HGETALL", keys.project.idempotency],
    ["HGETALL", keys.project.schedules],
    ["XRANGE", keys.project.events, `(${after}`, "+"],
    ...shards.map((key) => ["HGETALL", key]),
  ]);
  const [control, line, edges, dead, nodes, parked, waiting, ...others] = replies;
  const [state, names, idempotency, schedules, events, ...records] = others;
  const fields = records.flatMap((reply) => pairs(reply));
  const entries = list(events).map((entry) => list(entry));
  const {
    next_due,
    armed,
    generation,
    sent: _sent,
    early: _early,
    ...rest
  } = Object.fromEntries(pairs(control));
  return {
    records: parsed(fields.filter(([name]) => !isText(name))),
    texts: Object.fromEntries(fields.filter(([name]) => isText(name))),
    line: Object.fromEntries(pairs(line).map(([member, score]) => [member, Number(score)])),
    edges: texts(edges),
    dead: texts(dead),
    nodes: parsed(pairs(nodes)),
    parked: texts(parked),
    waiting: texts(waiting),
    state: Object.fromEntries(pairs(state)),
    stateNames: texts(names),
    idempotency: Object.fromEntries(pairs(idempotency).map(([key, text]) => [key, kept(text)])),
    schedules: parsed(pairs(schedules)),
    // A closed breaker is an empty text.
    control: parsed(Object.entries(rest).filter(([, text]) => text !== "")),
    facts: entries.flatMap(([, fields]) => factsIn(texts(fields)[1] ?? "[]")).toSorted(),
    clockwork: {
      next_due: Number(next_due ?? 0),
      armed: Number(armed ?? 0),
      generation: Number(generation ?? 0),
    },
    lastEvent: entries.length > 0 ? text(entries.at(-1)?.[0]) : after,
  };
}

/** Keys of a project that may exist after so many runs; operations and blobs apart. */
export function keysIn(project: string, runs: number): string[] {
  const keys = keysOf(project);
  return [...Object.values(keys.project), ...shardsOf(keys, runs)];
}

function shardsOf(keys: Keys, runs: number): string[] {
  // Run n lies in shard n modulo the number of shards, and runs are counted from 1.
  return runs >= SHARDS ? [...keys.shards] : keys.shards.slice(0, runs + 1);
}

/** What agents wrote, beside a record. */
function isText(name: string): boolean {
  return name.includes(":") && !name.endsWith(":staging");
}

function kept(stored: string): unknown {
  const { reply, ...rest } = JSON.parse(stored) as { reply?: string };
  return { ...rest, ...(reply !== undefined && { reply: JSON.parse(reply) as unknown }) };
}

/** Each fact as its type and what it is about. */
function factsIn(stored: string): string[] {
  const facts = JSON.parse(stored) as Record<string, string>[];
  return facts.map(
    ({ type, task_id, breaker, key, schedule_id, run_id, agent_id }) =>
      `${type} ${task_id ?? breaker ?? key ?? schedule_id ?? run_id ?? agent_id}`,
  );
}

function parsed(fields: readonly (readonly [string, string])[]): Fields {
  return Object.fromEntries(fields.map(([name, stored]) => [name, JSON.parse(stored) as unknown]));
}

function pairs(reply: RespValue | undefined): [string, string][] {
  const flat = texts(reply);
  const found: [string, string][] = [];
  for (let index = 0; index < flat.length; index += 2) {
    found.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  }
  return found;
}

function texts(reply: RespValue | undefined): string[] {
  return list(reply).map(text);
}

function list(reply: RespValue | undefined): RespValue[] {
  if (reply instanceof RespError) throw new Error(reply.message);
  if (!Array.isArray(reply)) throw new Error("Redis answered with something else than a list");
  return reply;
}

function text(reply: RespValue | undefined): string {
  if (reply === undefined || Array.isArray(reply)) throw new Error("Redis answered with no text");
  return textOf(reply);
}
