// Counts what Upstash would bill: every command, and inside scripts every call.

type CommandCounts = Record<string, number>;

type ScriptCounts = { runs: number; inner: CommandCounts };

export type StatsSnapshot = {
  /** Authenticated HTTP requests, streams included, control requests not. */
  httpRequests: number;
  /** Billed commands: top-level ones plus those inside scripts, without the free ones. */
  billed: number;
  /** Top-level commands by upper-case name, free ones included. */
  byCommand: CommandCounts;
  /** Commands called inside scripts by upper-case name, free ones included. */
  inner: CommandCounts;
  /** The same apart for each script, by the SHA-1 of the text that the client sent. */
  scripts: Record<string, ScriptCounts>;
};

/** One executed command, and what it called if it was a script. */
type Usage = { command: string; script?: { sha: string; calls: readonly InnerCalls[] } };
export type InnerCalls = { command: string; count: number };

export type Billing = {
  countRequest: () => void;
  /** Returns the number of commands billed for it. */
  countCommand: (usage: Usage) => number;
  billed: () => number;
  snapshot: () => StatsSnapshot;
  reset: () => void;
};

/** Not billed, by upstash.com/docs/redis/overall/billing. */
const FREE = new Set([
  "AUTH",
  "HELLO",
  "SELECT",
  "COMMAND",
  "CONFIG",
  "INFO",
  "PING",
  "RESET",
  "QUIT",
]);

/**
 * A script is billed as itself plus each command that it calls: Upstash's cost table for its rate limiter counts
 * "EVAL, GET, GET, INCR" as four.
 */
export function createBilling(): Billing {
  let stats = emptyStats();
  return {
    countRequest() {
      stats.httpRequests++;
    },
    countCommand(usage) {
      let billed = add(stats.byCommand, usage.command, 1);
      if (usage.script !== undefined) billed += countScript(stats, usage.script);
      stats.billed += billed;
      return billed;
    },
    billed: () => stats.billed,
    snapshot: () => structuredClone(stats),
    reset() {
      stats = emptyStats();
    },
  };
}

function emptyStats(): StatsSnapshot {
  return { httpRequests: 0, billed: 0, byCommand: {}, inner: {}, scripts: {} };
}

function countScript(stats: StatsSnapshot, script: NonNullable<Usage["script"]>): number {
  const own = (stats.scripts[script.sha] ??= { runs: 0, inner: {} });
  own.runs++;
  let billed = 0;
  for (const { command, count } of script.calls) {
    add(own.inner, command, count);
    billed += add(stats.inner, command, count);
  }
  return billed;
}

function add(counts: CommandCounts, command: string, count: number): number {
  counts[command] = (counts[command] ?? 0) + count;
  return FREE.has(command) ? 0 : count;
}
