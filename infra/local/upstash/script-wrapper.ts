// Puts the guard (script-guard.lua) around a client's script, and takes the guard's reply apart again.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RespError, textOf, type RespValue } from "../redis/resp.ts";
import type { InnerCalls } from "./billing.ts";
import {
  DATABASE_WIDE_WRITES,
  KEY_POSITIONS,
  POSITION_OF,
  UNAVAILABLE_IN_SCRIPTS,
} from "./command-table.ts";

export type WrapOptions = {
  /** The script as the client sent it, without its `#!` line's content but with its line break. */
  body: string;
  /** Refuse keys that are not declared. */
  keyLocking: boolean;
  /** Mend what the embedded engine does to arguments of `redis.call`. */
  strictArguments: boolean;
};

/** `names` are the commands whose counts come first in the guard's reply, in this order. */
export type WrappedScript = { text: string; names: readonly string[] };

/** The script to send instead. All that is added stands on the first line or after the last. */
export function wrapScript({ body, keyLocking, strictArguments }: WrapOptions): WrappedScript {
  const names = [...namesIn(body)];
  const spots = names.map((name) => `["${name}"]=${spotOf(name.toUpperCase())}`);
  const zeros = names.map((name) => `["${name}"]=0`);
  const counts = names.map((name) => `counts["${name}"]`);
  const guard = GUARD.replaceAll("GUARD_LOCKED", String(keyLocking))
    .replaceAll("GUARD_STRICT", String(strictArguments))
    .replace("GUARD_SPOTS", `{${spots.join(",")}}`)
    .replace("GUARD_ZEROS", `{${zeros.join(",")}}`)
    .replace("GUARD_COUNTS", counts.join(","));
  const text = `return (function(main) ${guard} end)(function(redis, pcall, ...) ${keepFrames(body)}\nend)`;
  return { text, names };
}

/** What came out of a wrapped script: the reply as it would have been without the guard, and what was called. */
export type Unwrapped = { reply: RespValue; calls: InnerCalls[] };

const GUARD_FIELDS = 3;

/** Takes the guard's reply apart. A reply that is not the guard's (the engine refused to run it) is passed through. */
export function unwrapReply(
  raw: RespValue,
  script: { sha: string; wrappedSha: string; names: readonly string[] },
): Unwrapped {
  if (raw instanceof RespError) {
    return {
      reply: new RespError(raw.message.replaceAll(script.wrappedSha, script.sha)),
      calls: [],
    };
  }
  if (!Array.isArray(raw) || raw.length < GUARD_FIELDS) return { reply: raw, calls: [] };
  const [ok, value = null, line] = raw;
  const reply = ok === 1 ? value : new RespError(errorText(value, Number(line), script.sha));
  return { reply, calls: callsIn(raw, script.names) };
}

function callsIn(raw: readonly RespValue[], names: readonly string[]): InnerCalls[] {
  const calls: InnerCalls[] = [];
  for (const [index, name] of names.entries()) {
    const count = Number(raw[GUARD_FIELDS + index]);
    if (count > 0) calls.push({ command: name.toUpperCase(), count });
  }
  for (let index = GUARD_FIELDS + names.length; index < raw.length; index += 2) {
    calls.push({ command: wordOf(raw[index]).toUpperCase(), count: Number(raw[index + 1]) });
  }
  return calls;
}

/** Redis's own form: the text, the script's sha, and where it happened if that is known (line 0: it is not). */
function errorText(value: RespValue, line: number, sha: string): string {
  const text = wordOf(value)
    .replaceAll(/[\r\n]+/g, " ")
    .replace(EMBEDDED_GLOBAL_READ, "Script attempted to access nonexistent global variable '$1'");
  return line === 0 ? text : `${text} script: ${sha}, on @user_script:${line}.`;
}

/** The embedded engine's own mark for an unknown variable, which it replaces only in errors that nobody caught. */
const EMBEDDED_GLOBAL_READ = /__RLUA_E__:global-read:(\w+)/;

function wordOf(value: RespValue | undefined): string {
  return value === undefined || Array.isArray(value) ? "" : textOf(value);
}

/**
 * `return redis.call(…)` is a tail call: Lua forgets the frame, and with it the line for an error. `nil or` in front
 * changes nothing else, since `or` binds weakest and redis.call gives one value.
 */
function keepFrames(body: string): string {
  return body.replaceAll(/\breturn(\s+)redis\.call\b/g, "return$1nil or redis.call");
}

/** Quoted words of the script, as they are spelt there: the commands it will most likely call. */
function namesIn(body: string): Set<string> {
  const names = new Set<string>();
  for (const [, name = ""] of body.matchAll(/["']([A-Za-z][A-Za-z_.]{1,20})["']/g)) names.add(name);
  return names;
}

function spotOf(name: string): number {
  if (UNAVAILABLE_IN_SCRIPTS.has(name)) return -1;
  if (DATABASE_WIDE_WRITES.has(name)) return -2;
  return KEY_POSITIONS.indexOf(POSITION_OF.get(name) ?? "first");
}

function wholeTable(): string {
  const names = new Set([
    ...POSITION_OF.keys(),
    ...UNAVAILABLE_IN_SCRIPTS,
    ...DATABASE_WIDE_WRITES,
  ]);
  return `{${[...names].map((name) => `["${name}"]=${spotOf(name)}`).join(",")}}`;
}

const GUARD = readFileSync(join(import.meta.dirname, "script-guard.lua"), "utf8")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "" && !line.startsWith("--"))
  .join(" ")
  .replace("GUARD_TABLE", wholeTable());
