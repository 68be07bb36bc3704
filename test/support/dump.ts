/** Reads every key of a project, so that a test can say that nothing changed, or what exactly did. */
import type { RedisConnection } from "../../infra/local/redis/connection.ts";
import { RespError, type RespValue, textOf } from "../../infra/local/redis/resp.ts";

/** Everything that a project keeps in Redis, under key names without the project's prefix. */
export interface Dump {
  readonly hashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Members with their scores, in the order of the set. */
  readonly sets: Readonly<Record<string, readonly (readonly [string, number])[]>>;
  /** Entries with their ids, oldest first; each entry is a list of field, value, … */
  readonly streams: Readonly<Record<string, readonly (readonly [string, readonly string[]])[]>>;
  readonly strings: Readonly<Record<string, string>>;
}

export async function dumpProject(redis: RedisConnection, project: string): Promise<Dump> {
  const prefix = `baton:{${project}}:`;
  const keys = texts(await redis.call(["KEYS", `${prefix}*`])).toSorted();
  const dump = {
    hashes: new Map<string, Record<string, string>>(),
    sets: new Map<string, [string, number][]>(),
    streams: new Map<string, [string, string[]][]>(),
    strings: new Map<string, string>(),
  };
  for (const key of keys) {
    const name = key.slice(prefix.length);
    const type = text(await redis.call(["TYPE", key]));
    if (type === "hash") {
      dump.hashes.set(name, Object.fromEntries(sorted(pairs(await redis.call(["HGETALL", key])))));
    } else if (type === "zset") {
      const members = pairs(await redis.call(["ZRANGE", key, "0", "-1", "WITHSCORES"]));
      dump.sets.set(
        name,
        members.map(([member, score]) => [member, Number(score)]),
      );
    } else if (type === "stream") {
      const entries = list(await redis.call(["XRANGE", key, "-", "+"]));
      dump.streams.set(
        name,
        entries.map((entry) => {
          const [id, fields] = list(entry);
          return [text(id), texts(fields)];
        }),
      );
    } else if (type === "string") {
      dump.strings.set(name, text(await redis.call(["GET", key])));
    }
  }
  return {
    hashes: Object.fromEntries(dump.hashes),
    sets: Object.fromEntries(dump.sets),
    streams: Object.fromEntries(dump.streams),
    strings: Object.fromEntries(dump.strings),
  };
}

/** The facts that the project's events tell, oldest first. */
export function factsOf(dump: Dump): Record<string, unknown>[] {
  return (dump.streams["events"] ?? []).flatMap(
    ([, fields]) => JSON.parse(fields[1] ?? "[]") as Record<string, unknown>[],
  );
}

function list(reply: RespValue | undefined): RespValue[] {
  if (reply instanceof RespError) throw new Error(reply.message);
  if (!Array.isArray(reply)) throw new Error("Redis answered with something else than a list");
  return reply;
}

function text(reply: RespValue | undefined): string {
  if (reply === undefined || Array.isArray(reply) || reply instanceof RespError) {
    throw new Error("Redis answered with something else than a text");
  }
  return textOf(reply);
}

function texts(reply: RespValue | undefined): string[] {
  return list(reply).map(text);
}

function pairs(reply: RespValue): [string, string][] {
  const flat = texts(reply);
  return flat.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, flat[index + 1] ?? ""]] : [],
  );
}

function sorted(entries: [string, string][]): [string, string][] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
