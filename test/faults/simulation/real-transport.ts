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
  return {
    run: async (script, keys, args) => {
      const { text, sha } = plainForm(script);
      const rest = [String(keys.length), ...keys, ...args];
      const reply = await redis.call(["EVALSHA", sha, ...rest]);
      const cold = reply instanceof RespError && reply.message.startsWith("NOSCRIPT");
      return textIn(cold ? await redis.call(["EVAL", text, ...rest]) : reply);
    },
    pipeline: async (commands) => (await redis.batch(commands)).map(readable),
    unlink: async (keys) => {
      await redis.call(["UNLINK", ...keys]);
    },
    subscribe: () => Promise.reject(new Error("this transport has no subscriptions")),
    forgetScripts: async () => {
      await redis.call(["SCRIPT", "FLUSH"]);
    },
  };
}

/** With the front's guards: undeclared keys are refused, sizes limited, replies decoded as from Upstash. */
export function overFront({ url, token, scripts }: UpstashFront): RealTransport {
  return {
    ...createTransport({ url, token }),
    forgetScripts: async () => scripts.forget(),
  };
}

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
