/**
 * Whether memory and keys return to where they were. Retention is a matter of weeks, so it is forced: the same script
 * that the watchdog runs is called with a time 40 days ahead, as tests move time, until it finds nothing more. What
 * goes by itself is then taken away (replies kept for re-sends, which expire after minutes) or emptied (the event log,
 * which is bounded by count).
 */
import "./lua-as-text.ts";
import { connectRedis, type RedisConnection } from "../local/redis/connection.ts";
import { RespError, type RespValue, textOf } from "../local/redis/resp.ts";
import type { Stack } from "../local/stack.ts";

const { createTransport } = await import("../../src/store/transport.ts");
const { createStore } = await import("../../src/store/store.ts");

export interface Usage {
  readonly keys: readonly string[];
  /** Without what Redis needs for itself and for scripts. */
  readonly bytes: number;
}

const PROJECT = "local";
const DAYS_MS = 40 * 86_400_000;

export async function usageOf({ redis }: Stack): Promise<Usage> {
  return withRedis(redis.url, async (connection) => {
    await connection.call(["SCRIPT", "FLUSH", "SYNC"]);
    await connection.call(["MEMORY", "PURGE"]);
    const info = await text(connection, ["INFO", "memory"]);
    const keys = await connection.call(["KEYS", "*"]);
    const names = textsIn(keys).toSorted();
    return { keys: names, bytes: Number(/^used_memory_dataset:(\d+)/m.exec(info)?.[1]) };
  });
}

/** Removes all that retention removes; returns how many tasks went. */
export async function forceRetention({ redis, upstash }: Stack): Promise<number> {
  const transport = createTransport({ url: upstash.url, token: upstash.token });
  const store = createStore({ transport, project: PROJECT, now: () => Date.now() + DAYS_MS });
  let removed = 0;
  for (;;) {
    const { due } = await store.tick({ limit: 200 });
    const gone = await store.retire();
    removed += gone;
    if (gone === 0 && !due) break;
  }
  await withRedis(redis.url, async (connection) => {
    await connection.call(["XTRIM", `baton:{${PROJECT}}:events`, "MAXLEN", "0"]);
    const kept = await connection.call(["KEYS", `baton:{${PROJECT}}:operation:*`]);
    for (const key of textsIn(kept)) {
      const left = Number(await text(connection, ["PTTL", key]));
      if (left === NEVER) throw new Error(`${key} would never expire`);
      await connection.call(["UNLINK", key]);
    }
  });
  return removed;
}

/** What Redis answers for the time left of a key without one; one that has just gone has another answer. */
const NEVER = -1;

function textsIn(reply: RespValue): string[] {
  if (!Array.isArray(reply)) throw new Error("Redis answered with something else than a list");
  return reply.map((one) => (Array.isArray(one) ? "" : textOf(one)));
}

async function withRedis<T>(
  url: string,
  use: (connection: RedisConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectRedis({ url });
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

async function text(connection: RedisConnection, command: string[]): Promise<string> {
  const reply = await connection.call(command);
  if (reply instanceof RespError) throw new Error(reply.message);
  if (reply === null || Array.isArray(reply)) throw new Error(`no answer to ${command.join(" ")}`);
  return textOf(reply);
}
