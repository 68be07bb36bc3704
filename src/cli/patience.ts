/** Goes on through a restart of the server: nothing depends on being watched. */
import { setTimeout as pause } from "node:timers/promises";
import { Unreachable } from "./api.ts";

/** A server that restarts is back sooner. */
const GIVE_UP_AFTER_MS = 60_000;
const TRY_AGAIN_MS = 1_000;

export interface Patience {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Throws `Unreachable` when the server stays away, or is away when `signal` fires; what `ask` throws where that ends. */
export async function patiently<T>({ say, signal }: Patience, ask: () => Promise<T>): Promise<T> {
  const since = Date.now();
  let said = false;
  for (;;) {
    try {
      const answer = await ask();
      if (said) say("Connected again.");
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() - since > GIVE_UP_AFTER_MS) throw error;
      if (!said) say(`${error.message} Trying again.`);
      said = true;
      // Who stops waiting now learns that there was no answer.
      await pause(TRY_AGAIN_MS, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
