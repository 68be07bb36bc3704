/** How a waiter learns that it is time to look again; nobody else knows. */
import type { Store } from "../../store/store.ts";
import { type Bell, hangBell } from "../bell.ts";

/** Each channel is a stream of its own, and a call may hold few: of more runs the others are looked at now and then. */
const BELLS = 4;
/** What no message tells, such as an agent type that nobody serves, is seen by a look; and a message may be lost. */
const LOOK_MS = 30_000;
const LOOK_UNHEARD_MS = 10_000;

/** Waiting is noted for longer than it takes to look again. */
export const WATCH_MS = 2 * LOOK_MS + 10_000;

export interface Changes {
  /** Resolves after a change, after `most` milliseconds, or when the client has gone, whichever comes first. */
  next(most: number): Promise<void>;
  close(): void;
}

/** From here on changes of the runs are heard, once a look has noted that somebody waits. */
export async function hearChanges(
  store: Pick<Store, "runChannel" | "subscribe">,
  { runs, signal }: { runs: readonly string[]; signal: AbortSignal },
): Promise<Changes> {
  const bells = await Promise.all(
    runs.slice(0, BELLS).map((run_id) => hangBell(store, store.runChannel(run_id))),
  );
  const close = (): void => {
    for (const bell of bells) bell.close();
  };
  signal.addEventListener("abort", close);
  // It may have gone while the bells were being hung.
  if (signal.aborted) close();
  const look = runs.length > bells.length ? LOOK_UNHEARD_MS : LOOK_MS;
  return {
    next: async (most) => {
      const ms = Math.min(most, look);
      await Promise.race(bells.map((bell: Bell) => bell.heard(ms)));
    },
    close: () => {
      signal.removeEventListener("abort", close);
      close();
    },
  };
}
