/** Lets everything grow old while things still go wrong: afterwards nothing is left that names a task or a run. */
import type { RedisConnection } from "../../../infra/local/redis/connection.ts";
import { type Ask, cancelOpenTasks } from "../../support/crew/people.ts";
import { dumpProject } from "../../support/dump.ts";
import { heal, type Plan } from "./plan.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

const DAYS_MS = 40 * 86_400_000;
const WEEK_MS = 8 * 86_400_000;
const ROUNDS = 10;

/** What stays for good, or goes by itself: lanes and numbers, the event log, replies of requests. */
const STAYS = /^(control|events|operation:.*|schedules|webhooks)$/;

export interface Retirement {
  readonly world: World;
  readonly plan: Plan;
  readonly server: Server;
  readonly ask: Ask;
  readonly redis: RedisConnection;
  readonly project: string;
}

/** What is left that should not be. */
export async function retireAll(setup: Retirement): Promise<string[]> {
  const { world, plan, server, ask, redis, project } = setup;
  await cancelOpenTasks(ask);
  await world.runUntil(world.now + DAYS_MS);
  plan.redis = 0.2;
  for (let round = 0; round < ROUNDS; round++) {
    if (round === ROUNDS - 2) heal(plan);
    void server.callback("watchdog", {});
    await world.runUntil(world.now + 300_000);
  }
  // Webhooks were told that agents had gone: that is kept for a week again.
  await world.runUntil(world.now + WEEK_MS);
  for (let round = 0; round < 2; round++) {
    void server.callback("watchdog", {});
    await world.runUntil(world.now + 300_000);
  }
  const { hashes, sets, strings } = await dumpProject(redis, project);
  const agents = Object.keys(hashes["control"] ?? {}).filter((field) => /^agents?\b/.test(field));
  return [
    ...agents.map((field) => `${field} is remembered though nobody called for so long`),
    ...[hashes, sets, strings]
      .flatMap((part) => Object.entries(part))
      .filter(([name]) => !STAYS.test(name))
      .map(
        ([name, left]) => `${name} outlives its retention: ${JSON.stringify(left).slice(0, 300)}`,
      ),
  ];
}
