/** Plays many random sequences against a Redis, and says how to play a failing one again. */
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { connectRedis } from "../../infra/local/redis/connection.ts";
import { startRedis } from "../../infra/local/redis/start-redis.ts";
import { createRespTransport } from "../support/resp-transport.ts";
import { openSwitchboard } from "./ears.ts";
import { playSequence } from "./play.ts";
import { sequences } from "./sequences.ts";

export interface ModelRun {
  readonly sequences: number;
  readonly calls: number;
  /** To agents that wait. */
  readonly messages: number;
  readonly seconds: number;
}

export interface ModelOptions {
  readonly runs: number;
  readonly seed: number;
  /** Of a failing sequence among those of the seed: plays that one alone. */
  readonly path?: string | undefined;
}

/** Sequences that are played at the same time: Redis works on one while another is compared. */
const PARALLEL = 4;

/**
 * Returns undefined where there is no Redis server: the embedded engine would take an hour.
 *
 * @throws Error with the shortest failing sequence that was found, and the seed and path that lead to it.
 */
export async function runModel({ runs, seed, path }: ModelOptions): Promise<ModelRun | undefined> {
  const server = await startRedis();
  try {
    if (server.engine === "embedded") return undefined;
    return await playAll(server.url, { runs, seed, path });
  } finally {
    await server.stop();
  }
}

async function playAll(url: string, { runs, seed, path }: ModelOptions): Promise<ModelRun> {
  const redis = await connectRedis({ url });
  const transport = await createRespTransport(redis);
  const switchboard = await openSwitchboard(url);
  const session = randomBytes(4).toString("hex");
  const started = performance.now();
  let played = 0;
  let [calls, messages] = [0, 0];
  const property = fc.asyncProperty(sequences, async (sequence) => {
    played += 1;
    const project = `${session}-${played}`;
    const ears = switchboard.earsFor(project);
    const made = await playSequence({ redis, transport, project, ears }, sequence);
    calls += made.calls;
    messages += made.messages;
  });
  const players = path === undefined ? PARALLEL : 1;
  const checks = Array.from({ length: players }, (_, index) =>
    fc.check(property, {
      seed: seed + index,
      numRuns: Math.ceil(runs / players),
      ...(path !== undefined && { path }),
    }),
  );
  try {
    const failed = (await Promise.all(checks)).find((result) => result.failed);
    if (failed) throw new Error(story(failed));
  } finally {
    redis.close();
    switchboard.close();
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  return { sequences: played, calls, messages, seconds };
}

function story(result: {
  readonly seed: number;
  readonly counterexamplePath: string | null;
  readonly counterexample: readonly unknown[] | null;
  readonly errorInstance: unknown;
}): string {
  const { seed, counterexamplePath, counterexample, errorInstance } = result;
  return [
    "Model and Redis differ. To play it again, run this test file with",
    `MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath}`,
    JSON.stringify(counterexample?.[0]),
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ].join("\n");
}
