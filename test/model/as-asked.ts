/** Plays as many sequences as the environment asks for, and tells the figures. */
import { randomInt } from "node:crypto";
import { type TestContext } from "vitest";
import { type ModelRun, runModel } from "./run-model.ts";

/**
 * `MODEL_RUNS`: sequences of each test file. `MODEL_SEED` and `MODEL_PATH`: those of a failure, to play it again; else
 * each run draws new sequences.
 */
export async function playAsAsked({ annotate, skip }: TestContext): Promise<ModelRun> {
  const { MODEL_SEED = randomInt(2 ** 31), MODEL_PATH: path } = process.env;
  const seed = Number(MODEL_SEED);
  // Before anything happens: it must be known of a run that comes to no end, too.
  await annotate(`seed ${seed}`);
  const run = await runModel({ runs: modelRuns(), path, seed });
  if (!run) return skip("needs redis-server or valkey-server on the path, or REDIS_URL");
  const { sequences, calls, seconds } = run;
  await annotate(`${sequences} sequences, ${calls} calls, ${seconds} s`);
  return run;
}

function modelRuns(): number {
  return Number(process.env["MODEL_RUNS"] ?? 2_000);
}

/** Milliseconds: ample, since a failing sequence is played hundreds of times while it is made shorter. */
export const PATIENCE_MS = 300_000 + modelRuns() * 200;
