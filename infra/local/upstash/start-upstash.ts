// Starts a local stand-in for Upstash's Redis REST API, over any Redis that speaks RESP2.
import { connectRedis } from "../redis/connection.ts";
import { createBilling, type Billing } from "./billing.ts";
import { createExecutor } from "./execute.ts";
import { createFaults, type FaultRule, type Faults } from "./faults.ts";
import { startHttpServer } from "./http-server.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { createMonitor } from "./monitor.ts";
import { createScriptCache } from "./script-cache.ts";
import { createStreams } from "./streams.ts";

export type StartUpstashOptions = {
  /** The Redis behind it, as given by `startRedis`. */
  redisUrl: string;
  /** Preferred port on 127.0.0.1; the next free one if it is in use. Default: any. */
  port?: number;
  token?: string;
  readOnlyToken?: string;
  limits?: Partial<Limits>;
  /** Fault rules in force from the start; more can be added at run time. */
  faults?: readonly FaultRule[];
};

export type UpstashFront = {
  /** What goes into `UPSTASH_REDIS_REST_URL`. */
  url: string;
  token: string;
  readOnlyToken: string;
  /** Requests and billed commands so far; see {@link Billing}. */
  stats: Pick<Billing, "snapshot" | "reset">;
  faults: Faults;
  scripts: {
    /** Empties the script cache: each EVALSHA is a NOSCRIPT until its text has been sent again. */
    forget: () => void;
  };
  streams: {
    /** How many SSE streams are open. */
    count: () => number;
    /** Ends the open SSE streams, or those whose channel contains the text; returns how many. */
    close: (channel?: string) => number;
  };
  /** Closes every connection; resolves when the port is free again. */
  stop: () => Promise<void>;
};

const LOCAL_TOKEN = "local-upstash-token";
const LOCAL_READ_ONLY_TOKEN = "local-upstash-read-only-token";

/** @throws Error when there is no Redis at `redisUrl`. */
export async function startUpstash(options: StartUpstashOptions): Promise<UpstashFront> {
  const tokens = {
    token: options.token ?? LOCAL_TOKEN,
    readOnlyToken: options.readOnlyToken ?? LOCAL_READ_ONLY_TOKEN,
  };
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const redis = await connectRedis({ url: options.redisUrl });
  const billing = createBilling();
  const faults = createFaults(options.faults ?? []);
  const monitor = createMonitor();
  const streams = createStreams({ redisUrl: options.redisUrl, faults, monitor });
  const scripts = await createScriptCache(redis);
  const executor = createExecutor({ redis, scripts, billing, limits, monitor });
  const server = await startHttpServer({
    port: options.port ?? 0,
    tokens,
    limits,
    executor,
    billing,
    faults,
    scripts,
    streams,
  });
  return {
    url: server.url,
    ...tokens,
    stats: billing,
    faults,
    scripts,
    streams,
    async stop() {
      streams.close();
      await server.stop();
      redis.close();
    },
  };
}
