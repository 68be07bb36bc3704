/** The local stack: Redis, the Upstash front, QStash and the Worker, started in that order and stopped in reverse. */
import { upsertWatchdog } from "../../src/scheduler/watchdog.ts";
import { buildWorker } from "./build.ts";
import { onFreePort } from "./ports.ts";
import { startQstash } from "./qstash/start-qstash.ts";
import type { QstashOptions } from "./qstash/types.ts";
import { freePort } from "./redis/free-port.ts";
import { startRedis } from "./redis/start-redis.ts";
import type { StartUpstashOptions } from "./upstash/start-upstash.ts";
import { startUpstash } from "./upstash/start-upstash.ts";
import { startWorkerd } from "./workerd.ts";

/** Fixed and clearly local: a deployed Worker refuses them. */
export const LOCAL_KEYS = {
  admin: "btn_local_admin",
  orchestrator: "btn_local_orchestrator",
  worker: "btn_local_worker",
  viewer: "btn_local_viewer",
} as const;

/** Where things listen when the ports are free. QStash's is where its SDK looks for a development server. */
const PORTS = { worker: 8787, upstash: 8079, qstash: 8080 };

export interface StackOptions {
  /** Port of the Worker; the next free one when taken. */
  readonly port?: number;
  /** `server` (on the path), `embedded`, or a URL. Default: `REDIS_URL`, else a server on the path, else embedded. */
  readonly redis?: string;
  /** Redis keeps every write in this existing folder. Only where a Redis server is started here. */
  readonly persistence?: { readonly dir: string };
  /** Everything on any free port: for tests, and for stacks beside each other. */
  readonly freePorts?: boolean;
  /** Adds a mount of MCP that needs no key, for the conformance suite. */
  readonly openMcp?: boolean;
  /** Further text bindings of the Worker. */
  readonly bindings?: Readonly<Record<string, string>>;
  /** Limits and faults of the front, and the clock, plan and faults of QStash. */
  readonly upstash?: Pick<StartUpstashOptions, "limits" | "faults">;
  readonly qstash?: Omit<QstashOptions, "port">;
  /** Gets each line that the Worker writes: its JSON log. */
  readonly onLine?: (line: string) => void;
  /** Gets remarks such as a port that was taken. Default: standard error. */
  readonly say?: (remark: string) => void;
  /** No remarks. */
  readonly quiet?: boolean;
}

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** Starts all parts on 127.0.0.1. If one fails, those already running are stopped before the error is thrown. */
export async function startStack(options: StackOptions = {}) {
  const stops: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    const failures: unknown[] = [];
    for (const stopPart of stops.toReversed()) {
      await stopPart().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, "Not all parts could be stopped");
  });
  try {
    return await startParts(options, { stops, stop });
  } catch (error) {
    await stop().catch(() => undefined); // What went wrong first is what helps.
    throw error;
  }
}

async function startParts(
  options: StackOptions,
  { stops, stop }: { stops: (() => Promise<void>)[]; stop: () => Promise<void> },
) {
  const say = options.quiet ? () => undefined : (options.say ?? console.error);
  const onPort = async <T extends { readonly url: string }>(
    what: string,
    wanted: number,
    start: (port: number) => Promise<T>,
  ): Promise<T> => {
    const started = await onFreePort(options.freePorts ? 0 : wanted, start);
    const got = Number(new URL(started.url).port);
    if (!options.freePorts && got !== wanted) {
      say(`Port ${wanted} is taken: ${what} listens on ${got}.`);
    }
    return started;
  };

  const building = buildWorker();
  building.catch(() => undefined); // Awaited below; Redis must be on the list of stops whatever becomes of it.
  const { redis: choice, persistence } = options;
  const runRedis = (port?: number) =>
    startRedis({
      ...(choice === undefined ? {} : { choice }),
      ...(persistence === undefined ? {} : { persistence }),
      ...(port === undefined ? {} : { port }),
    });
  let redis = await runRedis();
  stops.push(() => redis.stop());
  const bundle = await building;
  const upstash = await onPort("the Upstash front", PORTS.upstash, (port) =>
    startUpstash({ ...options.upstash, redisUrl: redis.url, port }),
  );
  stops.push(() => upstash.stop());
  const qstash = await onPort("QStash", PORTS.qstash, (port) =>
    startQstash({ ...options.qstash, port }),
  );
  stops.push(() => qstash.stop());

  const signingKeys = qstash.signingKeys();
  const bindings = {
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
    QSTASH_URL: qstash.url,
    QSTASH_TOKEN: qstash.token,
    QSTASH_CURRENT_SIGNING_KEY: signingKeys.current,
    QSTASH_NEXT_SIGNING_KEY: signingKeys.next,
    BATON_LOCAL: "1",
    ...(options.openMcp ? { BATON_OPEN_MCP: "1" } : {}),
    ...options.bindings,
  };
  const runWorker = (port: number) =>
    startWorkerd({
      bundle,
      port,
      // QStash delivers to it, so the Worker must know it before it listens.
      bindings: { BATON_URL: `http://127.0.0.1:${port}`, ...bindings },
      ...(options.onLine ? { onLine: options.onLine } : {}),
    });
  let worker = options.freePorts
    ? await onFreePort(await freePort(), runWorker)
    : await onPort("the Worker", options.port ?? PORTS.worker, runWorker);
  const { port, url } = worker;
  stops.push(() => worker.kill());
  await upsertWatchdog({ url: qstash.url, token: qstash.token, base_url: url });

  return {
    baseUrl: url,
    mcpUrl: `${url}/mcp`,
    keys: LOCAL_KEYS,
    redis: { engine: redis.engine, url: redis.url },
    /** The running front, with its counters and switches. */
    upstash,
    /** The running QStash, with its clock and switches. */
    qstash,
    /** Ends Redis as a crash would, if it was started here. */
    killRedis: () => redis.stop(),
    /** Redis at the same address again; what it keeps in its folder is there. */
    restartRedis: async () => {
      const { url } = redis;
      await redis.stop();
      redis = await runRedis(Number(new URL(url).port));
      if (redis.url !== url) throw new Error(`Redis did not get its port back: ${url} is taken`);
    },
    /** Resolves when the Worker that runs now has ended, for whatever reason. */
    workerEnded: () => worker.ended,
    /** Ends the Worker as a crash would; its address answers nothing until `restartWorker`. */
    killWorker: () => worker.kill(),
    /** A fresh Worker at the same address. */
    restartWorker: async () => {
      await worker.kill();
      worker = await runWorker(port);
    },
    stop,
  };
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
