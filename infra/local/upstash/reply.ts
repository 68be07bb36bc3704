// Turns Redis replies into the bodies that the REST API answers with.
import { encodeReply, RespError, RespStatus, type RespValue } from "../redis/resp.ts";

export type ReplyFormat = "json" | "base64" | "resp2";

/** `{"result":…}` or `{"error":…}`: one command's answer. */
export function jsonAnswer(reply: RespValue, format: ReplyFormat): string {
  if (reply instanceof RespError) return `{"error":${JSON.stringify(reply.message)}}`;
  // A bare OK is the one string that base64 leaves alone, and the SDK expects it so only at the top.
  const isOk = reply instanceof RespStatus && reply.text === "OK";
  return `{"result":${isOk ? '"OK"' : json(reply, format === "base64")}}`;
}

export function jsonAnswers(replies: readonly RespValue[], format: ReplyFormat): string {
  return `[${replies.map((reply) => jsonAnswer(reply, format)).join(",")}]`;
}

export function respAnswers(replies: readonly RespValue[]): Buffer {
  return Buffer.concat(replies.map(encodeReply));
}

/** The size of a reply as Redis sent it, within a few bytes. */
export function replyBytes(reply: RespValue): number {
  if (Array.isArray(reply)) return reply.reduce((sum: number, item) => sum + replyBytes(item), 0);
  return Buffer.isBuffer(reply) ? reply.length : 0;
}

function json(value: RespValue, base64: boolean): string {
  if (value === null) return "null";
  if (Buffer.isBuffer(value)) {
    return base64 ? `"${value.toString("base64")}"` : JSON.stringify(value.toString());
  }
  if (Array.isArray(value)) return `[${value.map((item) => json(item, base64)).join(",")}]`;
  if (value instanceof RespStatus) return text(value.text, base64);
  // An error inside an array has no form of its own in the protocol's JSON: its text stands for it.
  if (value instanceof RespError) return text(value.message, base64);
  return String(value);
}

function text(value: string, base64: boolean): string {
  return base64 ? `"${Buffer.from(value).toString("base64")}"` : JSON.stringify(value);
}
