/** Plays as many sequences as the environment asks for, and tells the figures. */
import { type TestContext } from "vitest";
import { runModel } from "./run-model.ts";

/** The same in each run of the tests, which must not fail by chance; `npm run model` draws new ones. */
const SEED = 20_261_123;

/**
 * `MODEL_RUNS`: sequences of each test file. `MODEL_SEED` and `MODEL_PATH`: those of a failure, to play it again. Says
 * whether agents that wait were sent messages, which one sequence that is played again need not do.
 */
export async function playAsAsked({ annotate, skip }: TestContext): Promise<boolean> {
  const { MODEL_SEED = SEED, MODEL_PATH: path } = process.env;
  const seed = Number(MODEL_SEED);
  // Before anything happens: it must be known of a run that comes to no end, too.
  await annotate(`seed ${seed}`);
  const run = await runModel({ runs: modelRuns(), path, seed });
  if (!run) return skip("needs redis-server or valkey-server on the path, or REDIS_URL");
  const { sequences, calls, messages, seconds } = run;
  await annotate(
    `${sequences} sequences, ${calls} calls, ${messages} messages to agents that wait, ${seconds} s`,
  );
  return messages > 0 || path !== undefined;
}

function modelRuns(): number {
  return Number(process.env["MODEL_RUNS"] ?? 2_000);
}

/** Milliseconds: ample, since a failing sequence is played hundreds of times while it is made shorter. */
export const PATIENCE_MS = 300_000 + modelRuns() * 200;
