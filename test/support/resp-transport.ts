/** The store's transport straight over Redis' own protocol: for tests that send so much that HTTP would be the work. */
import { type RedisConnection } from "../../infra/local/redis/connection.ts";
import { RespError, type RespValue, textOf } from "../../infra/local/redis/resp.ts";
import { type Script } from "../../src/store/script.ts";
import { SCHEDULE_SCRIPTS } from "../../src/store/schedule-scripts.ts";
import { SCRIPTS } from "../../src/store/scripts.ts";
import { type Transport } from "../../src/store/transport.ts";

/** Loads all scripts beforehand; a call then goes out in the same turn of the event loop in which it was made. */
export async function createRespTransport(redis: RedisConnection): Promise<Transport> {
  const shas = new Map<Script, string>();
  for (const script of [...Object.values(SCRIPTS), ...Object.values(SCHEDULE_SCRIPTS)]) {
    shas.set(script, textIn(await redis.call(["SCRIPT", "LOAD", forPlainRedis(script)])));
  }
  return {
    run: async (script, keys, args) => {
      const sha = shas.get(script) ?? "";
      return textIn(await redis.call(["EVALSHA", sha, String(keys.length), ...keys, ...args]));
    },
    pipeline: (commands) => redis.batch(commands),
    unlink: async (keys) => {
      if (keys.length > 0) await redis.call(["UNLINK", ...keys]);
    },
    subscribe: () => Promise.reject(new Error("this transport has no subscriptions")),
  };
}

/** Plain Redis refuses the flag of Upstash that stands in the first line. */
function forPlainRedis({ text }: Script): string {
  return text.slice(text.indexOf("\n") + 1);
}

function textIn(reply: RespValue): string {
  if (reply instanceof RespError) throw new Error(reply.message);
  if (Array.isArray(reply)) throw new Error("Redis answered with a list");
  return textOf(reply);
}
