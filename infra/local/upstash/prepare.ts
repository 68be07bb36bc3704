// Decides what a client's command becomes: a command for Redis, a script with its guard, or an answer of our own.
import type { RedisCommand } from "../redis/connection.ts";
import { RespError, RespStatus, type RespValue } from "../redis/resp.ts";
import { forbidden, type Access } from "./access.ts";
import { keysOf, notOverRest, refusalOf } from "./command-table.ts";
import { keyTooLarge } from "./limits.ts";
import type { Command } from "./request.ts";
import type { Script, ScriptCache } from "./script-cache.ts";

export type Prepared =
  | { kind: "plain"; command: RedisCommand }
  | {
      kind: "script";
      script: Script;
      /** By sha, for when Redis has it loaded, and in full, for when that cannot be relied on. */
      bySha: RedisCommand;
      inFull: RedisCommand;
    }
  /** Answered here, but a command that ran, as far as the client is concerned. */
  | { kind: "answered"; reply: RespValue }
  /** Refused before it ran. */
  | { kind: "refused"; error: string };

export type PrepareContext = { access: Access; scripts: ScriptCache; maxKeyBytes: number };

/** A promise only where a script has to be compiled first. */
export function prepare(command: Command, context: PrepareContext): Prepared | Promise<Prepared> {
  const { name, args } = command;
  const refusal = refusalFor(command, context);
  if (refusal !== undefined) return { kind: "refused", error: refusal };
  switch (name) {
    case "EVAL":
    case "EVAL_RO":
      return prepareEval(command, context.scripts);
    case "EVALSHA":
    case "EVALSHA_RO":
      return prepareEvalSha(command, context.scripts);
    case "SCRIPT":
      return prepareScript(args.map(String), context.scripts);
    case "SELECT":
      return { kind: "answered", reply: OK };
    case "COMMAND":
      return { kind: "answered", reply: [] };
    default:
      return { kind: "plain", command: [name, ...args] };
  }
}

const OK = new RespStatus("OK");

function refusalFor({ name, args }: Command, context: PrepareContext): string | undefined {
  const first = args[0]?.toString();
  return (
    forbidden(context.access, name) ??
    refusalOf(name, first) ??
    blockingRefusal(name, args) ??
    configRefusal(name, args) ??
    keyRefusal(name, args, context.maxKeyBytes)
  );
}

function blockingRefusal(name: string, args: Command["args"]): string | undefined {
  if (name !== "XREAD" && name !== "XREADGROUP") return undefined;
  const words = args.map((argument) => String(argument).toUpperCase());
  const options = words.slice(0, words.indexOf("STREAMS"));
  return options.includes("BLOCK") ? notOverRest(`${name} BLOCK`) : undefined;
}

/** The one setting that Upstash lets clients read and change. */
function configRefusal(name: string, args: Command["args"]): string | undefined {
  if (name !== "CONFIG" || String(args[1]).toLowerCase() === "notify-keyspace-events")
    return undefined;
  return "ERR only 'notify-keyspace-events' can be read or set with CONFIG";
}

function keyRefusal(name: string, args: Command["args"], limit: number): string | undefined {
  // A UTF-16 code unit is at most three bytes of UTF-8: shorter arguments cannot be over the limit.
  if (!args.some((argument) => argument.length * 3 > limit)) return undefined;
  const tooLong = keysOf(name, args).find((key) => Buffer.byteLength(key) > limit);
  return tooLong === undefined ? undefined : keyTooLarge(limit, Buffer.byteLength(tooLong));
}

function prepareEval(command: Command, scripts: ScriptCache): Prepared | Promise<Prepared> {
  const [text] = command.args;
  // Too few arguments: Redis words that error itself.
  if (text === undefined || command.args.length < 2) return plain(command);
  const learned = scripts.learn(String(text));
  if (learned instanceof Promise) return learned.then((script) => runOf(script, command));
  return runOf(learned, command);
}

function runOf(script: Script | RespError, command: Command): Prepared {
  return script instanceof RespError ? { kind: "answered", reply: script } : run(script, command);
}

function prepareEvalSha(command: Command, scripts: ScriptCache): Prepared {
  const [sha] = command.args;
  if (sha === undefined || command.args.length < 2) return plain(command);
  const script = scripts.find(String(sha));
  if (script === undefined) {
    return {
      kind: "answered",
      reply: new RespError("NOSCRIPT No matching script. Please use EVAL."),
    };
  }
  return run(script, command);
}

function run(script: Script, { name, args }: Command): Prepared {
  const suffix = script.noWrites || name.endsWith("_RO") ? "_RO" : "";
  const rest = args.slice(1);
  return {
    kind: "script",
    script,
    bySha: [`EVALSHA${suffix}`, script.wrappedSha, ...rest],
    inFull: [`EVAL${suffix}`, script.wrapped, ...rest],
  };
}

function plain({ name, args }: Command): Prepared {
  return { kind: "plain", command: [name, ...args] };
}

async function prepareScript(args: readonly string[], scripts: ScriptCache): Promise<Prepared> {
  const [verb = "", ...rest] = args;
  switch (verb.toUpperCase()) {
    case "LOAD": {
      const script = await scripts.learn(rest[0] ?? "");
      const reply = script instanceof RespError ? script : Buffer.from(script.sha);
      return { kind: "answered", reply };
    }
    case "EXISTS":
      return {
        kind: "answered",
        reply: rest.map((sha) => (scripts.find(sha) === undefined ? 0 : 1)),
      };
    case "FLUSH":
      scripts.forget();
      return { kind: "answered", reply: OK };
    case "KILL":
      return {
        kind: "answered",
        reply: new RespError("NOTBUSY No scripts in execution right now."),
      };
    default:
      return { kind: "refused", error: `ERR unknown subcommand '${verb}'. Try SCRIPT HELP.` };
  }
}
