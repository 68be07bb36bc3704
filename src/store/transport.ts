/**
 * Sends scripts and commands to Upstash over REST. A call that gets no answer is sent again: every script is safe to
 * run twice for one request. Knows Redis' errors; nothing above it does.
 */
import { ask, askAll, RedisRefusal } from "./rest.ts";
import type { Script } from "./script.ts";
import { openSubscription, type Subscription } from "./subscription.ts";

export interface TransportConfig {
  readonly url: string;
  readonly token: string;
  /** Milliseconds that one attempt may take. */
  readonly timeout_ms?: number;
  /** Milliseconds before each further attempt. */
  readonly pauses_ms?: readonly number[];
}

export interface Transport {
  /** Runs a script and returns its reply, which is always one string. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<string>;
  /** Sends plain reads in one round trip, each with its own result. */
  pipeline(commands: readonly Read[]): Promise<unknown[]>;
  /** Deletes keys; none is no call. */
  unlink(keys: readonly string[]): Promise<void>;
  /** Subscribes to a channel; resolves once Redis has acknowledged, and rejects where it does not. */
  subscribe(channel: string): Promise<Subscription>;
}

export type Read = readonly ["GET", key: string] | readonly ["HMGET", key: string, ...string[]];

const PAUSES_MS = [30, 200, 800];

export function createTransport({
  url,
  token,
  timeout_ms = 5_000,
  pauses_ms = PAUSES_MS,
}: TransportConfig): Transport {
  const setup = { url: url.replace(/\/+$/, ""), token, timeout_ms };
  return {
    run: (script, keys, args) =>
      again(pauses_ms, async () => {
        const rest = [String(keys.length), ...keys, ...args];
        try {
          return text(await ask(setup, ["EVALSHA", await script.sha(), ...rest]));
        } catch (error) {
          if (!answer(error)?.startsWith("NOSCRIPT")) throw error;
          return text(await ask(setup, ["EVAL", script.text, ...rest]));
        }
      }),
    pipeline: (commands) => again(pauses_ms, () => askAll(setup, commands)),
    unlink: (keys) =>
      again(pauses_ms, async () => {
        if (keys.length > 0) await ask(setup, ["UNLINK", ...keys]);
      }),
    subscribe: (channel) => openSubscription({ ...setup, channel }),
  };
}

function text(reply: unknown): string {
  if (typeof reply !== "string")
    throw new StoreFault("a script replied with something else than a string");
  return reply;
}

/** Redis answered with an error, or did not answer at all. Its message holds no part of the command. */
class StoreFault extends Error {
  override readonly name = "StoreFault";
}

/** Sends again what may never have arrived. An answer from Redis, even an error, is an answer. */
async function again<T>(pauses_ms: readonly number[], send: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const answered = answer(error);
      if (answered !== undefined) throw new StoreFault(answered);
      const pause = pauses_ms[attempt];
      if (pause === undefined) throw new StoreFault(`no answer from Redis (${nameOf(error)})`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** What Redis answered, if it did. A 429 or a 5xx comes from in front of Redis and is no such answer. */
function answer(error: unknown): string | undefined {
  return error instanceof StoreFault || error instanceof RedisRefusal ? error.message : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
