/**
 * Hundreds of small worlds in which everything goes wrong that can, each drawn from one number. FAULT_SEED=123 repeats
 * one of them, FAULT_SEEDS=5000 runs more; FAULT_ALL=1 goes on after a failure, FAULT_COUNTS=1 shows what happened.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../infra/local/redis/connection.ts";
import { startRedis } from "../../infra/local/redis/start-redis.ts";
import { startRedisFront } from "../support/redis-front.ts";
import { overFront, overRedis } from "./simulation/real-transport.ts";
import { FATES } from "./simulation/plan.ts";
import { type Run, runWorld } from "./simulation/run.ts";
import { storyOf } from "./simulation/story.ts";
import type { RealTransport } from "./simulation/transport.ts";

interface Ground {
  readonly redis: RedisConnection;
  readonly real: RealTransport;
}

// One Redis each: those behind the front empty its script cache now and then.
let plain: Ground;
let fronted: Ground;
const stops: (() => Promise<void>)[] = [];
let engine = "";

beforeAll(async () => {
  const server = await startRedis();
  stops.push(() => server.stop());
  engine = server.engine;
  const front = await startRedisFront();
  stops.push(() => front.stop());
  const redis = await connectRedis({ url: server.url });
  plain = { redis, real: overRedis(redis) };
  const behind = await connectRedis({ url: front.redisUrl });
  fronted = { redis: behind, real: overFront(front.upstash) };
  stops.push(async () => [redis, behind].forEach((connection) => connection.close()));
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

const only = process.env["FAULT_SEED"];
const count = Number(process.env["FAULT_SEEDS"] ?? 500);
const first = only === undefined ? 1 : Number(only);
const last = only === undefined ? count : first;

/** Each so many runs goes through the Upstash front, as in production. */
const THROUGH_FRONT = 25;

/** Worlds at one time: while one waits for Redis, others go on. None sees anything of another. */
const AT_ONCE = 8;

function play(seed: number): Promise<Run> {
  // One Redis for both, given by its address, would lose the front's scripts to the others.
  const through = seed % THROUGH_FRONT === 0 && engine !== "external";
  return runWorld({ seed, ...(through ? fronted : plain) });
}

/** In so many runs everything has happened. */
const ENOUGH = 100;

const NEEDS_REDIS =
  "needs redis-server or valkey-server on the path: the embedded engine is too slow";

test(
  "nothing is lost, done twice or contradicted, whatever is dropped, doubled, delayed or killed",
  { timeout: 3_600_000 },
  async (context) => {
    if (engine === "embedded") context.skip(NEEDS_REDIS);
    const total = new Map<string, number>();
    const stories: string[] = [];
    let next = first;
    const playOn = async (): Promise<void> => {
      while (next <= last && (stories.length === 0 || process.env["FAULT_ALL"])) {
        const seed = next++;
        const run = await play(seed);
        for (const [what, times] of run.counts) total.set(what, (total.get(what) ?? 0) + times);
        if (run.faults.length > 0) stories.push(storyOf(seed, run));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, playOn));
    if (process.env["FAULT_COUNTS"]) console.error(Object.fromEntries(total));
    if (stories.length > 0) throw new Error(stories.join("\n"));
    if (last - first < ENOUGH) return;
    const struck = FATES.filter((fate) => (total.get(`redis ${fate}`) ?? 0) > 0);
    expect(struck).toEqual(FATES);
  },
);

test("a seed repeats its run call by call, alone and among others", async (context) => {
  if (engine === "embedded") context.skip(NEEDS_REDIS);
  const [among] = await Promise.all([play(7), play(8), play(9), play(10)]);
  const alone = await play(7);
  expect(alone.history.calls.length).toBeGreaterThan(20);
  expect(among?.history).toEqual(alone.history);
});
