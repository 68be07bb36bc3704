// The Redis wire format (RESP2): commands to bytes, and bytes to replies however they are cut into chunks.

/** One argument of a command. Strings go out as UTF-8, buffers byte for byte. */
export type CommandArgument = string | Buffer;

/** A simple string such as `OK` or `PONG`, as opposed to a stored value. */
export class RespStatus {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An error reply. It is a value, not an exception: inside an array it stands for one failed element. */
export class RespError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A reply. Integers outside the safe range are `bigint`; both kinds of RESP2 null are `null`. */
export type RespValue = null | number | bigint | Buffer | RespStatus | RespError | RespValue[];

/** The reply as text: bytes as UTF-8, a status or an error by its words, nothing for null. Not for arrays. */
export function textOf(reply: Exclude<RespValue, RespValue[]>): string {
  if (reply === null) return "";
  if (reply instanceof RespStatus) return reply.text;
  return reply instanceof RespError ? reply.message : reply.toString();
}

/** Encodes one command as an array of bulk strings: a string if every argument is one, else a buffer. */
export function encodeCommand(command: readonly CommandArgument[]): string | Buffer {
  let text = `*${command.length}\r\n`;
  for (const [index, argument] of command.entries()) {
    if (typeof argument !== "string") return encodeBinaryCommand(text, command.slice(index));
    text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`;
  }
  return text;
}

function encodeBinaryCommand(before: string, rest: readonly CommandArgument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(before)];
  for (const argument of rest) {
    const bytes = typeof argument === "string" ? Buffer.from(argument) : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

const CRLF = Buffer.from("\r\n");

/** Encodes a reply, for clients that want the raw protocol instead of JSON. */
export function encodeReply(value: RespValue): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  if (typeof value === "number" || typeof value === "bigint") return Buffer.from(`:${value}\r\n`);
  if (value instanceof RespStatus) return Buffer.from(`+${value.text}\r\n`);
  if (value instanceof RespError) return Buffer.from(`-${value.message}\r\n`);
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encodeReply)]);
  }
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, CRLF]);
}
