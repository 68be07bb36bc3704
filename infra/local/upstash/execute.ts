// Runs commands on Redis: alone, one after the other, or as a transaction; counts what is billed.
import type { RedisConnection } from "../redis/connection.ts";
import { RespError, type RespValue } from "../redis/resp.ts";
import type { Access } from "./access.ts";
import type { Billing } from "./billing.ts";
import { unavailable } from "./command-table.ts";
import { COMMANDS_USED_UP, type Limits } from "./limits.ts";
import type { Monitor } from "./monitor.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { createRecordLimit } from "./record-limit.ts";
import type { Command } from "./request.ts";
import type { ScriptCache } from "./script-cache.ts";
import { unwrapReply } from "./script-wrapper.ts";

/** Replies in the order of the commands, and how many commands Upstash would bill for them. */
export type Execution = { replies: RespValue[]; billed: number };

/** A transaction may be discarded as a whole. */
export type TransactionExecution = Execution | { discarded: string };

export type Executor = {
  single: (command: Command, access: Access) => Promise<Execution>;
  /** In order, not atomic. */
  pipeline: (commands: readonly Command[], access: Access) => Promise<Execution>;
  transaction: (commands: readonly Command[], access: Access) => Promise<TransactionExecution>;
};

export type ExecutorParts = {
  redis: RedisConnection;
  scripts: ScriptCache;
  billing: Billing;
  limits: Limits;
  monitor: Monitor;
};

export function createExecutor({
  redis,
  scripts,
  billing,
  limits,
  monitor,
}: ExecutorParts): Executor {
  const recordLimit = createRecordLimit(redis, limits.maxRecordBytes);

  async function admit(command: Command, access: Access): Promise<Prepared> {
    if (billing.billed() >= limits.maxCommands) return { kind: "refused", error: COMMANDS_USED_UP };
    const prepared = await prepare(command, { access, scripts, maxKeyBytes: limits.maxKeyBytes });
    if (prepared.kind === "plain" || prepared.kind === "script") {
      const error = await recordLimit(command);
      if (error !== undefined) return { kind: "refused", error };
    }
    return prepared;
  }

  function settle(command: Command, prepared: Prepared, raw: RespValue): Execution {
    if (prepared.kind === "refused") return { replies: [new RespError(prepared.error)], billed: 0 };
    monitor.report(command);
    if (prepared.kind !== "script") {
      const reply = prepared.kind === "answered" ? prepared.reply : translated(raw, command.name);
      return { replies: [reply], billed: billing.countCommand({ command: command.name }) };
    }
    const { reply, calls } = unwrapReply(raw, prepared.script);
    const billed = billing.countCommand({
      command: command.name,
      script: { sha: prepared.script.sha, calls },
    });
    return { replies: [reply], billed };
  }

  /** Sends the command, unless it is answered here. */
  async function send(prepared: Prepared): Promise<RespValue> {
    if (prepared.kind === "plain") return redis.call(prepared.command);
    if (prepared.kind !== "script") return null;
    const reply = await redis.call(prepared.bySha);
    if (!(reply instanceof RespError) || !reply.message.startsWith("NOSCRIPT")) return reply;
    await scripts.reload(prepared.script);
    return redis.call(prepared.bySha);
  }

  async function single(command: Command, access: Access): Promise<Execution> {
    const prepared = await admit(command, access);
    return settle(command, prepared, await send(prepared));
  }

  async function pipeline(commands: readonly Command[], access: Access): Promise<Execution> {
    const sent: { command: Command; prepared: Prepared; raw: Promise<RespValue> }[] = [];
    for (const command of commands) {
      const prepared = await admit(command, access);
      const raw = send(prepared);
      // Awaited below; until then a lost connection must not count as an unhandled rejection.
      raw.catch(() => undefined);
      sent.push({ command, prepared, raw });
    }
    const raws = await Promise.all(sent.map(({ raw }) => raw));
    return sum(
      sent.map(({ command, prepared }, index) => settle(command, prepared, raws[index] ?? null)),
    );
  }

  async function transaction(
    commands: readonly Command[],
    access: Access,
  ): Promise<TransactionExecution> {
    const admitted: { command: Command; prepared: Prepared }[] = [];
    for (const command of commands) {
      const prepared = await admit(command, access);
      if (prepared.kind === "refused") return { discarded: prepared.error };
      admitted.push({ command, prepared });
    }
    const queued = admitted.flatMap(({ prepared }) => inTransaction(prepared));
    const [, ...acknowledged] = await redis.batch([["MULTI"], ...queued, ["EXEC"]]);
    const results = acknowledged.pop();
    if (!Array.isArray(results)) return { discarded: discardReason(acknowledged, results ?? null) };
    const left = results.values();
    const raws = admitted.map(({ prepared }) =>
      inTransaction(prepared).length > 0 ? (left.next().value ?? null) : null,
    );
    return sum(
      admitted.map(({ command, prepared }, index) =>
        settle(command, prepared, raws[index] ?? null),
      ),
    );
  }

  return { single, pipeline, transaction };
}

/** What of a command goes into the transaction. Scripts go in full: inside, a missing one could not be loaded. */
function inTransaction(prepared: Prepared) {
  if (prepared.kind === "plain") return [prepared.command];
  return prepared.kind === "script" ? [prepared.inFull] : [];
}

function discardReason(acknowledged: readonly RespValue[], result: RespValue): string {
  const refused = acknowledged.find((reply) => reply instanceof RespError);
  if (refused !== undefined)
    return `EXECABORT Transaction discarded because of: ${refused.message}`;
  return result instanceof RespError ? result.message : "EXECABORT Transaction discarded.";
}

/** Redis does not know the command: Upstash says so in words of its own. */
function translated(reply: RespValue, name: string): RespValue {
  const isUnknown = reply instanceof RespError && reply.message.startsWith("ERR unknown command");
  return isUnknown ? new RespError(unavailable(name)) : reply;
}

function sum(executions: readonly Execution[]): Execution {
  return {
    replies: executions.flatMap(({ replies }) => replies),
    billed: executions.reduce((total, { billed }) => total + billed, 0),
  };
}
