// Tells the listeners of /monitor what commands clients sent, as they sent them.
import type { Command } from "./request.ts";

export type Monitor = {
  report: (command: Command) => void;
  /** Returns the function that ends listening. */
  listen: (listener: (line: string) => void) => () => void;
};

/** Commands inside scripts are not shown; nor are those of clients that talk to Redis without this front. */
export function createMonitor(): Monitor {
  const listeners = new Set<(line: string) => void>();
  return {
    report(command) {
      if (listeners.size === 0) return;
      const line = describe(command);
      for (const listener of listeners) listener(line);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function describe({ name, args }: Command): string {
  const words = [name, ...args.map(String)].map((word) => JSON.stringify(word));
  return `${(Date.now() / 1_000).toFixed(6)} [0 0.0.0.0:0] ${words.join(" ")}`;
}
