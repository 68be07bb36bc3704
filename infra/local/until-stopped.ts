/** Waits for Ctrl-C or a polite kill, for commands that run until somebody stops them. */

/** The signals that ask a process to end in good order. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Answers with the first such signal. Later ones are swallowed, because npm passes a Ctrl-C on to a script that the
 * terminal has already told: the second must not cut the stop short.
 */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(signal));
  });
}
