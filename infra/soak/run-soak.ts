/** The soak: agents work while everything is killed, then everything heals and has to end, and the books are checked. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { audit } from "../../test/support/audit.ts";
import {
  type Ask,
  answerQuestions,
  cancelOpenTasks,
  letGoOfBreakers,
  openTasks,
} from "../../test/support/crew/people.ts";
import { type Dump, dumpProject } from "../../test/support/dump.ts";
import { type Breach, checkHistory } from "../../test/support/history.ts";
import { factsIn } from "../../test/support/history/facts.ts";
import { type FinalState, readFinalState } from "../../test/support/history/final-state.ts";
import type { SeenCall } from "../../test/support/seen-call.ts";
import { seeded } from "../../test/support/seeded.ts";
import { connectRedis } from "../local/redis/connection.ts";
import { startStack, type Stack } from "../local/stack.ts";
import { forceRetention, type Usage, usageOf } from "./baseline.ts";
import { readCallLogs } from "./call-log.ts";
import { startCrew } from "./crew.ts";
import { type Havoc, startHavoc } from "./havoc.ts";
import { peopleAt } from "./people.ts";
import { CREW, crewSetups } from "./roster.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly agents: number;
  readonly seed: string;
  /** Existing folder for Redis' file and the agents' logs. */
  readonly dir: string;
  readonly say: (line: string) => void;
  /** Ends the havoc early. */
  readonly stopped: Promise<unknown>;
}

export interface SoakReport {
  readonly havoc: Havoc;
  readonly calls: readonly SeenCall[];
  readonly final: FinalState;
  readonly breaches: readonly Breach[];
  /** Where what is stored does not fit together. */
  readonly misfits: readonly string[];
  /** Agents that ended by themselves. */
  readonly complaints: readonly string[];
  readonly breakers_opened: number;
  /** How often the event log tells of each type. */
  readonly facts: ReadonlyMap<string, number>;
  /** Tasks still open when patience ended. */
  readonly left_open: number;
  readonly before: Usage;
  readonly after: Usage;
  readonly seconds_to_drain: number;
}

const PEOPLE_LOOK_MS = 5_000;
const PATIENCE_MS = 240_000;
/** Processes of one machine share its clock; what is cut off when it is read may differ. */
const SKEW_MS = 5;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { dir, say, seed } = options;
  const data = join(dir, "redis");
  const logs = join(dir, "calls");
  for (const folder of [data, logs]) await mkdir(folder, { recursive: true });
  const stack = await startStack({
    freePorts: true,
    quiet: true,
    redis: "server",
    persistence: { dir: data },
  });
  try {
    const ask = peopleAt(stack, stack.keys.orchestrator);
    const before = await usageOf(stack);
    const complaints: string[] = [];
    const setups = crewSetups({ ...options, stack, logs });
    const crew = startCrew(setups, (line) => {
      complaints.push(line);
      say(line);
    });
    try {
      const havoc = startHavoc({ stack, crew, chance: seeded(`havoc ${seed}`) });
      let breakers_opened = await goOn({ ...options, ask, counts: havoc.counts });
      await havoc.stop();
      say("Everything heals; now all has to end.");
      const healed = Date.now();
      await crew.turnFaithful();
      breakers_opened += await letGoOfBreakers(ask, "all");
      const left_open = await drain(ask, say);
      const seconds_to_drain = Math.round((Date.now() - healed) / 1000);
      await crew.stop();
      say("Checking what everybody saw.");
      const judged = await judge({ stack, ask, logs });
      await writeFile(join(dir, "breaches.json"), JSON.stringify(judged.breaches, null, 1));
      await cancelOpenTasks(ask);
      const removed = await forceRetention(stack);
      say(`Retention, forced, removed ${removed} tasks.`);
      const after = await usageOf(stack);
      return {
        ...judged,
        havoc: havoc.counts,
        complaints,
        breakers_opened,
        left_open,
        before,
        after,
        seconds_to_drain,
      };
    } finally {
      await crew.stop();
    }
  } finally {
    await stack.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function goOn({
  minutes,
  stopped,
  ask,
  counts,
  say,
}: SoakOptions & { ask: Ask; counts: Havoc }): Promise<number> {
  const end = Date.now() + minutes * 60_000;
  let opened = 0;
  let early = false;
  while (!early && Date.now() < end) {
    early = await Promise.race([pause(PEOPLE_LOOK_MS, false), stopped.then(() => true)]);
    opened += await letGoOfBreakers(ask, "all");
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const { agents_killed, workerd_killed, redis_killed } = counts;
    say(
      `${left} s left; killed: ${agents_killed} agents, ${workerd_killed} workerd, ${redis_killed} Redis`,
    );
  }
  return opened;
}

async function drain(ask: Ask, say: (line: string) => void): Promise<number> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const open = (await answerQuestions(ask)) + (await openTasks(ask, CREW.unserved));
    if (open === 0 || Date.now() > end) return open;
    say(`${open} tasks are open`);
    await pause(2_000);
  }
}

async function judge({
  stack,
  ask,
  logs,
}: {
  stack: Stack;
  ask: Ask;
  logs: string;
}): Promise<Pick<SoakReport, "calls" | "final" | "breaches" | "misfits" | "facts">> {
  const final = await readFinalState(ask);
  const dump = await dumpOf(stack);
  const calls = await readCallLogs(logs);
  const facts = factsIn(dump);
  const counted = new Map<string, number>();
  for (const { type } of facts) counted.set(type, (counted.get(type) ?? 0) + 1);
  const served = CREW.agent_types;
  const breaches = checkHistory({ calls, facts, final, served, skew_ms: SKEW_MS });
  return { calls, final, breaches, misfits: audit(dump), facts: counted };
}

async function dumpOf({ redis }: Stack): Promise<Dump> {
  const connection = await connectRedis({ url: redis.url });
  try {
    return await dumpProject(connection, "local");
  } finally {
    connection.close();
  }
}
