/** Runs the scripts of one project: each call is one round trip, and what a reply hints at besides is passed on. */
import type * as z from "zod";
import { type ArmedTick, decode, type Said } from "./codec.ts";
import { type Keys, keysOf } from "./keys.ts";
import type { Script } from "./script.ts";
import type { Transport } from "./transport.ts";

export interface RunnerOptions {
  readonly transport: Transport;
  readonly project: string;
  /** Tests move time with this; in production Redis' own clock decides. Milliseconds. */
  readonly now?: () => number;
  /** Called with each tick that a call armed. */
  readonly onTick?: (tick: ArmedTick) => void;
  /** Called when there is something to tell to webhooks. */
  readonly onOutbox?: () => void;
  /** Called with schedules whose time has come. */
  readonly onSchedules?: (ids: readonly string[]) => void;
}

export interface Call<T extends z.ZodType> {
  readonly script: Script;
  readonly reply: T;
  readonly request: unknown;
  readonly keys?: readonly string[];
  readonly texts?: readonly string[];
}

export interface Runner {
  readonly keys: Keys;
  readonly run: <T extends z.ZodType>(call: Call<T>) => Promise<Said<z.infer<T>>>;
  /** Runs a script that refuses nothing. */
  readonly said: <T extends z.ZodType>(call: Call<T>) => Promise<z.infer<T>>;
}

export function runnerOf(options: RunnerOptions): Runner {
  const { transport, project, now, onTick, onOutbox, onSchedules } = options;
  const keys = keysOf(project);
  const run: Runner["run"] = async (call) => {
    const { script, reply, request, texts = [] } = call;
    const args = [String(now?.() ?? 0), JSON.stringify(request, wellFormed), ...texts];
    const text = await transport.run(script, script.keys(keys, call.keys ?? []), args);
    const decoded = decode(reply, text);
    if (decoded.tick) onTick?.(decoded.tick);
    if (decoded.outbox) onOutbox?.();
    if (decoded.schedules_due) onSchedules?.(decoded.schedules_due);
    return decoded.reply;
  };
  const said: Runner["said"] = async (call) => {
    const reply = await run(call);
    if ("refused" in reply) throw new Error(`unexpected refusal: ${reply.refused.refused}`);
    return reply.said;
  };
  return { keys, run, said };
}

/** Half a surrogate pair would go out as an escape that Redis' JSON reader refuses. */
function wellFormed(_name: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}
