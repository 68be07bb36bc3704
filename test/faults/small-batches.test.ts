/**
 * The same small worlds with batches so small that every workflow is staged, and that edges and cancelled runs take many
 * calls: so whatever goes wrong goes wrong between batches too. FAULT_SEED and FAULT_SEEDS as in `faults.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type RedisConnection } from "../../infra/local/redis/connection.ts";
import { startRedis } from "../../infra/local/redis/start-redis.ts";
import { LIMITS } from "../../src/domain/limits.ts";

const SMALL = {
  cancels_per_sweep: 1,
  edges_per_call: 2,
  removals_per_step: 2,
  staging_kept_ms: 30_000,
  sweep_per_call: 3,
  tasks_per_create: 1,
} satisfies Partial<Record<keyof typeof LIMITS, number>>;

// The scripts are rendered when they are first wanted: the limits must be small before that.
Object.assign(LIMITS, SMALL);
const { overRedis } = await import("./simulation/real-transport.ts");
const { runWorld } = await import("./simulation/run.ts");
const { storyOf } = await import("./simulation/story.ts");

let redis: RedisConnection | undefined;
let engine = "";
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const server = await startRedis();
  engine = server.engine;
  const connection = await connectRedis({ url: server.url });
  redis = connection;
  stops.push(async () => {
    connection.close();
    await server.stop();
  });
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

const only = process.env["FAULT_SEED"];
const first = only === undefined ? 1 : Number(only);
const last = only === undefined ? Math.ceil(Number(process.env["FAULT_SEEDS"] ?? 500) / 4) : first;

/** Worlds at one time: while one waits for Redis, others go on. */
const AT_ONCE = 8;

/** In so many runs everything has happened. */
const ENOUGH = 100;

test(
  "nothing is lost, done twice or contradicted between batches",
  { timeout: 3_600_000 },
  async (context) => {
    if (engine === "embedded" || !redis) {
      context.skip("needs redis-server or valkey-server on the path");
      return;
    }
    const real = overRedis(redis);
    const calls = new Set<string>();
    const stories: string[] = [];
    let next = first;
    const playOn = async (connection: RedisConnection): Promise<void> => {
      while (next <= last && (stories.length === 0 || process.env["FAULT_ALL"])) {
        const seed = next++;
        const run = await runWorld({ seed, redis: connection, real });
        for (const { tool, outcome } of run.history.calls) {
          calls.add(`${tool} ${Object.keys(outcome)[0]}`);
        }
        if (run.faults.length > 0) stories.push(storyOf(seed, run));
      }
    };
    const connection = redis;
    await Promise.all(Array.from({ length: AT_ONCE }, () => playOn(connection)));
    if (stories.length > 0) throw new Error(stories.join("\n"));
    if (last - first < ENOUGH) return;
    expect(calls).toContain("create_workflow said");
    expect(calls).toContain("create_workflow lost");
  },
);
