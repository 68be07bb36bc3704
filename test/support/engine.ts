/** Whether tests run on the embedded engine, which is fine for behaviour and too slow for a thousand tasks. */
import { findServer } from "../../infra/local/redis/start-redis.ts";

export function onEmbeddedEngine(): boolean {
  const { REDIS_URL: url, PATH: path = "" } = process.env;
  return url === "embedded" || (!url && findServer(path) === undefined);
}

/** How many of something a test takes: on the embedded engine fewer show the same, only not that it is fast enough. */
export function sized(onServer: number, embedded: number): number {
  return onEmbeddedEngine() ? embedded : onServer;
}
