/** One run: a small world of agents over the real operations and a real Redis, all that can go wrong drawn from a seed. */
import type { RedisConnection } from "../../../infra/local/redis/connection.ts";
import { audit } from "../../support/audit.ts";
import { answerQuestions, letGoOfBreakers, openTasks, said } from "../../support/crew/people.ts";
import { dumpProject } from "../../support/dump.ts";
import { checkHistory, type History } from "../../support/history.ts";
import { factsIn } from "../../support/history/facts.ts";
import { readFinalState } from "../../support/history/final-state.ts";
import type { SeenCall } from "../../support/seen-call.ts";
import { type Chance, seeded } from "../../support/seeded.ts";
import { AGENT_TYPES, PACE_SECONDS, startCast, UNSERVED } from "./cast.ts";
import { checkSchedule, makeSchedule } from "./calendar.ts";
import { directly } from "./direct.ts";
import { makeHooks, settleHooks } from "./hooks.ts";
import { startReceivers } from "./receivers.ts";
import { drawPlan, heal, type Plan } from "./plan.ts";
import { retireAll } from "./retire-all.ts";
import { type Server, startServer } from "./server.ts";
import type { RealTransport } from "./transport.ts";
import { World } from "./world.ts";

export interface Run {
  /** What is wrong; empty where every promise was kept. */
  readonly faults: readonly string[];
  readonly history: History;
  /** How often each thing happened. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface RunSetup {
  readonly seed: number;
  readonly redis: RedisConnection;
  readonly real: RealTransport;
}

const START = Date.UTC(2031, 4, 6);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Virtual minutes in which, with nothing going wrong any more, everything has to end. */
const PATIENCE_MINUTES = 1_200;

/** The watchdog, which comes each five minutes, has been there once. */
const SCHEDULE_MINUTES = 8;

/** In each so many runs all that is left grows old at the end. */
const RETIRED_EACH = 5;

export async function runWorld({ seed, redis, real }: RunSetup): Promise<Run> {
  const project = `faults-${seed}`;
  await forget(redis, project);
  const chance = seeded(`run ${seed}`);
  const world = new World(String(seed), START + chance.whole(0, DAY_MS));
  const plan = drawPlan(chance);
  const sickness = chance.happens(0.25) ? 0.8 : 0;
  const mood = { faithful: false, pace: PACE_SECONDS, sickness };
  const counts = new Map<string, number>();
  const note = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const faults: string[] = [];
  const complain = (what: string): void => void faults.push(what);
  const calls: SeenCall[] = [];
  const receivers = startReceivers({ world, plan });
  const server = startServer({ world, plan, real, note, complain }, { project, receivers });
  let going = true;
  const ask = directly({ project, world, real });
  const scheduled = chance.happens(0.3);
  if (scheduled) await makeSchedule(ask, { agent_type: chance.oneOf(AGENT_TYPES), chance });
  const hooks = chance.happens(0.15)
    ? await makeHooks(ask, { world, receivers, chance })
    : undefined;
  startCast(
    {
      world,
      plan,
      server,
      mood,
      note,
      going: () => going,
      seen: (call) => void calls.push(call),
    },
    { project, chance, ...(hooks && { hooks }) },
  );
  server.qstash.watch(() => going);
  dieNowAndThen({ world, plan, server, chance });
  // Breakers open and close within minutes.
  const minutes = (0.5 + 1.5 * chance.next()) * (sickness > 0 ? 3 : 1);
  await world.runUntil(world.now + Math.round(minutes * MINUTE_MS));
  faults.push(...audit(await dumpProject(redis, project)));

  heal(plan);
  mood.faithful = true;
  await letGoOfBreakers(ask, "forced");
  if (scheduled) {
    await world.runUntil(world.now + SCHEDULE_MINUTES * MINUTE_MS);
    faults.push(...checkSchedule(await dumpProject(redis, project)));
    await said(ask, "delete_schedule", { schedule_id: "s1" });
    note("schedule");
  }
  for (let look = 2; look < PATIENCE_MINUTES; look *= 1.5) {
    await world.runUntil(world.now + look * MINUTE_MS);
    const answered = await answerQuestions(ask);
    if (answered === 0 && (await openTasks(ask, UNSERVED)) === 0) break;
  }
  // What was done last is acknowledged before all is judged.
  await world.runUntil(world.now + MINUTE_MS);
  going = false;
  const final = await readFinalState(ask);
  const dump = await dumpProject(redis, project);
  const facts = factsIn(dump);
  for (const { type } of facts) note(`event ${type}`);
  const history: History = { calls, facts, final, served: AGENT_TYPES, skew_ms: 0 };
  faults.push(...checkHistory(history).map(({ kind, text }) => `${kind}: ${text}`));
  faults.push(...audit(dump));
  if (hooks) {
    faults.push(...(await settleHooks({ world, server, redis, project }, hooks)));
    faults.push(...audit(await dumpProject(redis, project)));
    for (const { answered } of receivers.received) note(`webhook ${answered}`);
  }
  if (seed % RETIRED_EACH === 0) {
    faults.push(...(await retireAll({ world, plan, server, ask, redis, project })));
  }
  await forget(redis, project);
  return { faults, history, counts };
}

interface Death {
  readonly world: World;
  readonly plan: Plan;
  readonly server: Server;
  readonly chance: Chance;
}

function dieNowAndThen({ world, plan, server, chance }: Death): void {
  world.after(MINUTE_MS * chance.next(), chance, () => {
    if (chance.happens(plan.isolate)) server.crash();
    if (plan.isolate > 0) dieNowAndThen({ world, plan, server, chance });
  });
}

async function forget(redis: RedisConnection, project: string): Promise<void> {
  const keys = await redis.call(["KEYS", `baton:{${project}}:*`]);
  if (!Array.isArray(keys) || keys.length === 0) return;
  await redis.call(["UNLINK", ...keys.map(String), "baton:{*}:projects"]);
}
