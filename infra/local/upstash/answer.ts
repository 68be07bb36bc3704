// What goes back over HTTP: status, body and bill, in the format that the client asked for.
import type { IncomingHttpHeaders } from "node:http";
import { RespError } from "../redis/resp.ts";
import type { Execution, TransactionExecution } from "./execute.ts";
import { requestTooLarge } from "./limits.ts";
import { jsonAnswer, jsonAnswers, replyBytes, respAnswers, type ReplyFormat } from "./reply.ts";

export type Answer = { status: number; body: string | Buffer; billed?: number };

export type AnswerOptions = {
  format: ReplyFormat;
  /** The request limit, which holds for replies too. */
  maxBytes: number;
};

/** A single command's error is a 400; in a pipeline or a transaction each error stands in its place. */
export function executionAnswer(
  { replies, billed }: Execution,
  { format, isSingle, maxBytes }: AnswerOptions & { isSingle: boolean },
): Answer {
  const first = replies[0] ?? null;
  const status = isSingle && first instanceof RespError ? 400 : 200;
  const body =
    format === "resp2"
      ? respAnswers(replies)
      : isSingle
        ? jsonAnswer(first, format)
        : jsonAnswers(replies, format);
  // The limit holds for replies too, though what was asked for has been done by then.
  const size = body.length > maxBytes ? replyBytes(replies) : 0;
  if (size > maxBytes) {
    return { ...errorAnswer(requestTooLarge(maxBytes, size)), billed };
  }
  return { status, body, billed };
}

/** Transactions are answered in JSON whatever was asked for; a discarded one is a single error. */
export function transactionAnswer(
  execution: TransactionExecution,
  { format, maxBytes }: AnswerOptions,
): Answer {
  if ("discarded" in execution) return errorAnswer(execution.discarded);
  return executionAnswer(execution, {
    format: format === "resp2" ? "json" : format,
    maxBytes,
    isSingle: false,
  });
}

/** By upstash.com/docs/redis/features/restapi: base64 and resp2 exclude each other. */
export function formatOf(headers: IncomingHttpHeaders): ReplyFormat | { error: string } {
  const encoding = headers["upstash-encoding"] ?? "";
  const format = headers["upstash-response-format"] ?? "json";
  if (encoding !== "" && encoding !== "base64") {
    return { error: `ERR invalid Upstash-Encoding: ${String(encoding)}` };
  }
  if (format === "resp2") {
    return encoding === "" ? "resp2" : { error: "ERR base64 encoding is not permitted with resp2" };
  }
  if (format !== "json") return { error: `ERR invalid Upstash-Response-Format: ${String(format)}` };
  return encoding === "" ? "json" : "base64";
}

export function errorAnswer(error: string, status = 400): Answer {
  return { status, body: JSON.stringify({ error }) };
}
