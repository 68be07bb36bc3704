/**
 * Declares a Lua script: names become locals, the transition table and the limits are rendered from the domain, and
 * shared chunks are put in front. A script is addressed by its content, so that two versions of the Worker run side by
 * side and nothing has to be deployed into the database.
 */
import { CATEGORIES, DEFAULT_RETRY } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { MOVES, TERMINAL } from "../domain/lifecycle.ts";
import { LANE_WIDTH, PARKED_LANES, PRIORITY_STEP_MS, TIMER_OFFSET } from "../domain/order.ts";
import { join } from "./enclose.ts";
import { type Keys, type ProjectKey, SHARDS } from "./keys.ts";

export interface ScriptSpec {
  readonly name: string;
  /** Keys of the project that it touches: each becomes a local of that name. */
  readonly keys: readonly ProjectKey[];
  /** Declares all shards, as the list `shards`. */
  readonly shards?: boolean;
  /** Keys known only per call; a missing one is nil in Lua. */
  readonly callKeys?: readonly string[];
  /** Name of a list of further keys. */
  readonly restKeys?: string;
  /** Names of arguments after the request that are passed as they are, undecoded. */
  readonly texts?: readonly string[];
  /** Name of a list of further texts. */
  readonly restTexts?: string;
  readonly chunks: readonly string[];
  readonly source: string;
}

export interface Script {
  readonly name: string;
  readonly text: string;
  /** SHA-1 of the text, by which Redis knows it; worked out once per isolate. */
  readonly sha: () => Promise<string>;
  readonly keys: (keys: Keys, callKeys: readonly string[]) => string[];
}

/**
 * Upstash locks the whole database for a script unless its first line says otherwise, and then refuses keys that were
 * not declared (Upstash, "Key locking"). Plain Redis refuses the flag: only the transport to Upstash sees this text.
 */
const SHEBANG = "#!lua flags=allow-key-locking";

export function script(spec: ScriptSpec): Script {
  let text: string | undefined;
  let sha: Promise<string> | undefined;
  // Put together when it is first wanted: a call wants one of them, and a Worker has to start soon.
  const whole = (): string => (text ??= render(spec));
  return {
    name: spec.name,
    get text() {
      return whole();
    },
    sha: () => (sha ??= sha1(whole())),
    keys: (keys, callKeys) => [
      ...spec.keys.map((key) => keys.project[key]),
      ...(spec.shards ? keys.shards : []),
      ...callKeys,
    ],
  };
}

function render(spec: ScriptSpec): string {
  const body = join(spec.chunks, spec.source);
  return [SHEBANG, ...locals(spec), ...constants(body), body].join("\n");
}

function locals(spec: ScriptSpec): string[] {
  const lines: string[] = [];
  let key = 0;
  const next = (): string => `KEYS[${++key}]`;
  for (const name of spec.keys) lines.push(`local ${name} = ${next()}`);
  if (spec.shards) lines.push(`local shards = {${Array.from({ length: SHARDS }, next).join(",")}}`);
  for (const name of spec.callKeys ?? []) lines.push(`local ${name} = ${next()}`);
  if (spec.restKeys) {
    lines.push(`local ${spec.restKeys} = {unpack(KEYS, ${key + 1})}`);
  }
  lines.push("local given_now = tonumber(ARGV[1])", "local request = cjson.decode(ARGV[2])");
  const texts = spec.texts ?? [];
  texts.forEach((name, index) => lines.push(`local ${name} = ARGV[${index + 3}]`));
  if (spec.restTexts) lines.push(`local ${spec.restTexts} = {unpack(ARGV, ${texts.length + 3})}`);
  return lines;
}

/** Only what the script names is rendered: a table costs time on every call. */
function constants(body: string): string[] {
  const lines: string[] = [];
  const limits = Object.entries(LIMITS).filter(([name]) =>
    new RegExp(`LIMITS\\.${name}\\b`).test(body),
  );
  if (limits.length > 0) {
    lines.push(`local LIMITS = {${limits.map(([name, value]) => `${name}=${value}`).join(",")}}`);
  }
  if (body.includes("LINE.")) {
    lines.push(
      `local LINE = {lane_width=${LANE_WIDTH},timer_offset=${TIMER_OFFSET},priority_step_ms=${PRIORITY_STEP_MS},parked_lanes=${PARKED_LANES}}`,
    );
  }
  if (body.includes("MOVES[")) {
    const moves = Object.entries(MOVES).map(
      ([name, move]) =>
        `${name}={from={${move.from.map((status) => `${status}=true`).join(",")}},to="${move.to}"}`,
    );
    lines.push(`local MOVES = {${moves.join(",")}}`);
  }
  if (body.includes("CATEGORIES[")) {
    const meanings = Object.entries(CATEGORIES).map(
      ([name, { retried, counted, tripping }]) =>
        `${name}={retried=${retried},counted=${counted},tripping=${tripping}}`,
    );
    lines.push(`local CATEGORIES = {${meanings.join(",")}}`);
  }
  if (body.includes("RETRY.")) {
    const policy = Object.entries(DEFAULT_RETRY).map(
      ([name, value]) => `${name}=${JSON.stringify(value)}`,
    );
    lines.push(`local RETRY = {${policy.join(",")}}`);
  }
  if (body.includes("TERMINAL[")) {
    lines.push(`local TERMINAL = {${TERMINAL.map((status) => `${status}=true`).join(",")}}`);
  }
  return lines;
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
