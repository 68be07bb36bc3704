/** Real transports below the faults: straight over Redis' protocol, and as in production through the Upstash front. */
import { hash } from "node:crypto";
import type { RedisConnection } from "../../../infra/local/redis/connection.ts";
import { RespError, type RespValue, textOf } from "../../../infra/local/redis/resp.ts";
import type { UpstashFront } from "../../../infra/local/upstash/start-upstash.ts";
import type { Script } from "../../../src/store/script.ts";
import { createTransport } from "../../../src/store/transport.ts";
import type { RealTransport } from "./transport.ts";

/** Ten times as fast as the front, so that hundreds of runs take a minute. */
export function overRedis(redis: RedisConnection): RealTransport {
  const known = new Set<string>();
  return {
    run: async (script, keys, args) => {
      const { text, sha } = plainForm(script);
      const rest = [String(keys.length), ...keys, ...args];
      if (known.has(sha)) return textIn(await redis.call(["EVALSHA", sha, ...rest]));
      // A script that Redis does not know, as far as anybody can tell.
      const unknown = await redis.call(["EVALSHA", UNKNOWN_SHA, ...rest]);
      const isRefused = unknown instanceof RespError && unknown.message.startsWith("NOSCRIPT");
      const reply = isRefused ? await redis.call(["EVAL", text, ...rest]) : unknown;
      known.add(sha);
      return textIn(reply);
    },
    pipeline: async (commands) => (await redis.batch(commands)).map(readable),
    unlink: async (keys) => {
      await redis.call(["UNLINK", ...keys]);
    },
    subscribe: () => Promise.reject(new Error("this transport has no subscriptions")),
    // Really to forget them would be most of the work: Redis takes longer to read a script than to run it ten times.
    forgetScripts: async () => known.clear(),
  };
}

/** With the front's guards: undeclared keys are refused, sizes limited, replies decoded as from Upstash. */
export function overFront({ url, token, scripts }: UpstashFront): RealTransport {
  return {
    ...createTransport({ url, token }),
    forgetScripts: async () => scripts.forget(),
  };
}

const UNKNOWN_SHA = "0".repeat(40);

const forms = new Map<Script, { readonly text: string; readonly sha: string }>();

/** Plain Redis refuses the flag of Upstash that stands in the first line. */
function plainForm(script: Script): { readonly text: string; readonly sha: string } {
  const known = forms.get(script);
  if (known) return known;
  const text = script.text.slice(script.text.indexOf("\n") + 1);
  const form = { text, sha: hash("sha1", text) };
  forms.set(script, form);
  return form;
}

type Readable = string | null | Readable[];

/** As Upstash's client gives it: a text, a list, or null. */
function readable(reply: RespValue): Readable {
  if (Array.isArray(reply)) return reply.map(readable);
  return reply === null ? null : textIn(reply);
}

function textIn(reply: RespValue): string {
  if (reply instanceof RespError) throw new Error(reply.message);
  if (Array.isArray(reply)) throw new Error("Redis answered with a list");
  return textOf(reply);
}
