// Chooses and starts the Redis that the local stack and the tests run on.
import { connectRedis } from "./connection.ts";
import { startEmbedded } from "./embedded.ts";
import { findProgram } from "./find-program.ts";
import { startServerProcess } from "./server-process.ts";

type RedisEngine = "external" | "redis-server" | "valkey-server" | "embedded";

export type StartRedisOptions = {
  /** `server`, `embedded`, or the `redis://` address of one that runs already. Default: the first that there is. */
  choice?: string;
  /** Where `REDIS_URL` and `PATH` are read. Default: this process's environment. */
  env?: { REDIS_URL?: string | undefined; PATH?: string | undefined };
  /** Preferred port on 127.0.0.1 for an engine started here; another free one is taken if it is in use. */
  port?: number;
  /** Keep every write (append-only file, synced on each) in this existing folder. Only for a server started here. */
  persistence?: { dir: string };
};

export type RunningRedis = {
  engine: RedisEngine;
  /** `redis://127.0.0.1:<port>`, or the address that was given. */
  url: string;
  /** What the engine says it is, such as `7.0.15`. */
  version: string;
  /** Ends an engine started here, at once; leaves an external one alone. Resolves when nothing of it runs any more. */
  stop: () => Promise<void>;
};

/**
 * Starts the first of: the address in `REDIS_URL`; `redis-server` or `valkey-server` found on the PATH; the embedded
 * engine. A server started here dies with this process, even if that is killed.
 *
 * @throws Error when the chosen engine is missing or does not answer, saying what to install or to choose instead.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RunningRedis> {
  const { engine, url, stop } = await startEngine(options);
  try {
    return { engine, url, version: await readVersion(url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Started = Omit<RunningRedis, "version">;

async function startEngine(options: StartRedisOptions): Promise<Started> {
  const env = options.env ?? process.env;
  const choice = options.choice ?? env.REDIS_URL ?? "";
  if (/^rediss?:\/\//.test(choice)) return external(choice, options);
  if (choice === "embedded") return embedded(options);
  if (choice !== "" && choice !== "server") {
    throw new Error(`Unknown Redis "${choice}": give a redis:// address, "server" or "embedded".`);
  }
  const program = findServer(env.PATH ?? process.env["PATH"] ?? "");
  if (program !== undefined) {
    return {
      engine: program.engine,
      ...(await startServerProcess({ ...options, program: program.path })),
    };
  }
  if (choice === "server") {
    throw new Error(
      "Neither redis-server nor valkey-server is on the PATH. Install one (Debian: apt-get install redis-server; " +
        'macOS: brew install redis), or choose "embedded", which needs nothing.',
    );
  }
  return embedded(options);
}

export function findServer(
  path: string,
): { engine: "redis-server" | "valkey-server"; path: string } | undefined {
  for (const engine of ["redis-server", "valkey-server"] as const) {
    const found = findProgram(engine, path);
    if (found !== undefined) return { engine, path: found };
  }
  return undefined;
}

function external(url: string, { persistence }: StartRedisOptions): Started {
  if (persistence !== undefined) {
    throw new Error(
      'Persistence is the business of an external Redis: set it there, or choose "server".',
    );
  }
  return { engine: "external", url, stop: () => Promise.resolve() };
}

async function embedded(options: StartRedisOptions): Promise<Started> {
  if (options.persistence !== undefined) {
    throw new Error(
      'The embedded engine keeps nothing on disk: install redis-server and choose "server".',
    );
  }
  return { engine: "embedded", ...(await startEmbedded(options.port ?? 0)) };
}

async function readVersion(url: string): Promise<string> {
  const connection = await connectRedis({ url, reconnect: "never" });
  try {
    const info = await connection.call(["INFO", "server"]);
    const text = Buffer.isBuffer(info) ? info.toString() : "";
    return /(?:valkey|redis)_version:(\S+)/.exec(text)?.[1] ?? "unknown";
  } finally {
    connection.close();
  }
}
