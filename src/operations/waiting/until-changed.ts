/** How a waiter learns that it is time to look again; nobody else knows. So far it looks after pauses that grow. */

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 10_000;
const GROWTH = 1.5;

/**
 * Each call of the returned function resolves after a change, after `most` milliseconds, or when the client has gone,
 * whichever comes first.
 */
export function changes(signal: AbortSignal): (most: number) => Promise<void> {
  let pause = FIRST_PAUSE_MS;
  return async (most) => {
    const ms = Math.min(pause, most);
    pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS);
    await elapsed(ms, signal);
  };
}

function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
