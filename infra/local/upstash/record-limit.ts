// Refuses writes to a record (a key with all it holds) that is already at the size limit.
import type { RedisConnection } from "../redis/connection.ts";
import { RespStatus } from "../redis/resp.ts";
import { READ_COMMANDS, keysOf } from "./command-table.ts";
import { recordTooLarge } from "./limits.ts";
import { replyBytes } from "./reply.ts";
import type { Command } from "./request.ts";

/** Returns the error's text for a write that the limit forbids. */
export type RecordLimit = (command: Command) => string | undefined | Promise<string | undefined>;

/** Beyond so many keys, those that hold little are forgotten. */
const KEYS_REMEMBERED = 100_000;

/**
 * Keeps for each key an upper bound of what it can hold, by what was sent in writes that name it, and looks the size up
 * only when the bound passes the limit. What is written without this front is not seen before that. Reads and
 * deletions are never refused, as documented under "max record size exceeded".
 */
export function createRecordLimit(redis: RedisConnection, limit: number): RecordLimit {
  const bounds = new Map<string, number>();

  async function check(keys: readonly string[], bytes: number): Promise<string | undefined> {
    for (const key of keys) {
      const size = (await recordBytes(redis, key, limit - bytes)) + bytes;
      bounds.set(key, Math.min(size, limit));
      if (size > limit) return recordTooLarge(limit, size);
    }
    return undefined;
  }

  return ({ name, args }) => {
    if (READ_COMMANDS.has(name) || REMOVING.has(name)) return undefined;
    const bytes = args.reduce((sum, argument) => sum + argument.length, 0);
    if (bounds.size > KEYS_REMEMBERED) forgetSmall(bounds, limit / 100);
    const full: string[] = [];
    for (const argument of keysOf(name, args)) {
      const key = argument.toString();
      const bound = (bounds.get(key) ?? 0) + bytes;
      bounds.set(key, bound);
      if (bound > limit) full.push(key);
    }
    return full.length === 0 ? undefined : check(full, bytes);
  };
}

function forgetSmall(bounds: Map<string, number>, under: number): void {
  for (const [key, bound] of bounds) if (bound < under) bounds.delete(key);
}

const REMOVING = new Set(
  "DEL UNLINK HDEL SREM ZREM LPOP RPOP LTRIM LREM SPOP XDEL XTRIM ZPOPMIN ZPOPMAX FLUSHALL FLUSHDB EXPIRE PEXPIRE".split(
    " ",
  ),
);

const READ_WHOLE = new Map([
  ["hash", (key: string) => ["HGETALL", key]],
  ["list", (key: string) => ["LRANGE", key, "0", "-1"]],
  ["set", (key: string) => ["SMEMBERS", key]],
  ["zset", (key: string) => ["ZRANGE", key, "0", "-1"]],
  ["stream", (key: string) => ["XRANGE", key, "-", "+"]],
  ["string", (key: string) => ["GET", key]],
]);

/** The memory it takes is cheap to ask for and never less than what it holds; it will do while it is `enough`. */
async function recordBytes(redis: RedisConnection, key: string, enough: number): Promise<number> {
  const memory = await redis.call(["MEMORY", "USAGE", key]);
  if (typeof memory === "number" && memory <= enough) return memory;
  const type = await redis.call(["TYPE", key]);
  const read = type instanceof RespStatus ? READ_WHOLE.get(type.text) : undefined;
  return read === undefined ? 0 : replyBytes(await redis.call(read(key)));
}
