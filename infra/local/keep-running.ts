/** Starts the Worker again when it has died, as the edge would: nothing that it knew is lost, since it knows nothing. */
import type { Stack } from "./stack.ts";

/** One that dies sooner than this would die again and again. */
const SHORT_LIFE_MS = 3_000;
const SHORT_LIVES = 3;

export interface Keeper {
  /** Resolves when the Worker cannot be kept running. */
  readonly gaveUp: Promise<void>;
  /** Call it before the stack is stopped: a death after that is meant. */
  readonly letGo: () => Promise<void>;
}

export function keepRunning(
  stack: Pick<Stack, "workerEnded" | "restartWorker">,
  say: (remark: string) => void,
): Keeper {
  let isKept = true;
  let restarting: Promise<unknown> = Promise.resolve();
  const keep = async (shortLives = 0): Promise<void> => {
    const started = performance.now();
    await stack.workerEnded();
    const lives = performance.now() - started < SHORT_LIFE_MS ? shortLives + 1 : 0;
    if (!isKept || lives === SHORT_LIVES) return;
    say("The Worker has ended; another one takes its place.");
    const restart = stack.restartWorker();
    restarting = restart.catch(() => undefined);
    await restart;
    return keep(lives);
  };
  return {
    gaveUp: keep(),
    letGo: async () => {
      isKept = false;
      await restarting;
    },
  };
}
