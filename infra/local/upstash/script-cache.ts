// Remembers scripts by the SHA-1 of the text that clients sent, and keeps their wrapped forms loaded in Redis.
import { hash } from "node:crypto";
import type { RedisConnection } from "../redis/connection.ts";
import { RespError, textOf, type RespValue } from "../redis/resp.ts";
import { readShebang } from "./shebang.ts";
import { wrapScript } from "./script-wrapper.ts";

export type Script = {
  /** SHA-1 of the text that the client sent, shebang included: what it will use in EVALSHA. */
  sha: string;
  /** What Redis runs instead, and its SHA-1. */
  wrapped: string;
  wrappedSha: string;
  /** The commands whose counts come first in the guard's reply. */
  names: readonly string[];
  /** Declared with `no-writes`, so to be run read-only. */
  noWrites: boolean;
};

export type ScriptCache = {
  /** The script if clients may call it by its sha. */
  find: (sha: string) => Script | undefined;
  /** Makes a script known; a promise only when Redis has to compile it first. An error reply if it does not compile. */
  learn: (text: string) => Script | Promise<Script | RespError>;
  /** Loads the wrapped form again, after somebody else emptied Redis's own cache. */
  reload: (script: Script) => Promise<RespValue>;
  /** As SCRIPT FLUSH: every EVALSHA misses until its text was sent again. */
  forget: () => void;
};

/** Asks Redis once how it treats arguments of `redis.call`, so that the guard can mend what differs. */
export async function createScriptCache(redis: RedisConnection): Promise<ScriptCache> {
  const strictArguments = await shortensNumbers(redis);
  const known = new Map<string, Script>();
  const compiled = new Map<string, Script>();

  async function compile(text: string): Promise<Script | RespError> {
    const shebang = readShebang(text);
    if ("error" in shebang) return new RespError(shebang.error);
    const { body, keyLocking, noWrites } = shebang;
    const { text: wrapped, names } = wrapScript({ body, keyLocking, strictArguments });
    // The bare script first: its compile errors then read as they would without the guard.
    const replies = await redis.batch([
      ["SCRIPT", "LOAD", body],
      ["SCRIPT", "LOAD", wrapped],
    ]);
    const failure = replies.find((reply) => reply instanceof RespError);
    if (failure !== undefined) return failure;
    const script = { sha: sha1(text), wrapped, wrappedSha: sha1(wrapped), names, noWrites };
    compiled.set(text, script);
    known.set(script.sha, script);
    return script;
  }

  return {
    find: (sha) => known.get(sha.toLowerCase()),
    learn(text) {
      const script = compiled.get(text);
      if (script === undefined) return compile(text);
      known.set(script.sha, script);
      return script;
    },
    reload: (script) => redis.call(["SCRIPT", "LOAD", script.wrapped]),
    forget: () => known.clear(),
  };
}

async function shortensNumbers(redis: RedisConnection): Promise<boolean> {
  const echoed = await redis.call(["EVAL", "return redis.call('ECHO', 12345678901234567)", "0"]);
  return Array.isArray(echoed) || textOf(echoed) !== "12345678901234568";
}

function sha1(text: string): string {
  return hash("sha1", text);
}
