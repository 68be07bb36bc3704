/** Reads what a sentence about a task is made of: one read, and one of the agents where a task waits for some. */
import type { RunRecord, TaskRecord } from "../../domain/task.ts";
import type { Breaker, Obstacle } from "../../store/replies.ts";
import type { WhyLook } from "../../store/looks.ts";
import type { Store } from "../../store/store.ts";
import type { Facts } from "./cause.ts";

/** What a script says of records and of the agents that serve them. */
export interface Read {
  readonly now: number;
  readonly records: readonly (TaskRecord | RunRecord)[];
  readonly types: Readonly<Record<string, number>>;
  readonly breakers: readonly Breaker[];
  readonly in_the_way?: Readonly<Record<string, Obstacle>>;
}

export async function readFacts(
  store: Store,
  look: WhyLook,
): Promise<Facts & { readonly open: number }> {
  const { open, ...read } = await store.why(look);
  const waits = read.records.some(({ status }) => status === "ready");
  const known = waits ? await readAgents(store) : NO_AGENTS;
  return { ...factsFrom(read, known), open };
}

export type KnownAgents = Pick<Facts, "agents" | "more_agents">;

const NO_AGENTS: KnownAgents = { agents: [], more_agents: false };

export async function readAgents(store: Store): Promise<KnownAgents> {
  const reply = await store.agents("0");
  if ("refused" in reply) throw new Error("a listing was refused");
  const { agents, cursor } = reply.said;
  return { agents, more_agents: cursor !== "0" };
}

export function factsFrom(read: Read, known: KnownAgents): Facts {
  const { now, records, types, breakers, in_the_way = {} } = read;
  const tasks = new Map<string, TaskRecord>();
  const runs = new Map<string, RunRecord>();
  for (const record of records) {
    if ("task_id" in record) tasks.set(record.task_id, record);
    else runs.set(record.run_id, record);
  }
  return { now, tasks, runs, types, breakers, in_the_way, ...known };
}
