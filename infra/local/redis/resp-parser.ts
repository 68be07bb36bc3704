// Turns a stream of bytes into Redis replies, keeping its place when a reply is cut anywhere.
import { RespError, RespStatus, type RespValue } from "./resp.ts";

/** Feeds bytes in; calls `onReply` once for each complete top-level reply, in order. */
export type RespParser = { push: (chunk: Buffer) => void };

type OpenArray = { items: RespValue[]; length: number };

const CR = 13;
const LINE_END_BYTES = 2;
const OK = new RespStatus("OK");

/**
 * Creates a parser for RESP2. Work done on a partial reply is kept (a long array is not read again for each chunk),
 * and the payload of a long bulk string is joined once, when all of it is there.
 *
 * @throws Error from `push` when the bytes are not RESP2; the connection cannot be used further then.
 */
export function createRespParser(onReply: (reply: RespValue) => void): RespParser {
  const open: OpenArray[] = [];
  let held: Buffer[] = [];
  let heldBytes = 0;
  let neededBytes = 0;
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;

  /** Reads one token; `undefined` means that more bytes are needed (how many in all, if that is known). */
  function readToken(): RespValue | OpenArray | undefined {
    const lineEnd = bytes.indexOf(CR, at + 1);
    if (lineEnd < 0 || lineEnd + 1 >= bytes.length) return undefined;
    const line = bytes.toString("latin1", at + 1, lineEnd);
    const next = lineEnd + LINE_END_BYTES;
    switch (bytes[at]) {
      case 0x24: {
        const length = Number(line);
        if (length < 0) return advance(next, null);
        const end = next + length + LINE_END_BYTES;
        if (end > bytes.length) {
          neededBytes = end - at;
          return undefined;
        }
        return advance(end, bytes.subarray(next, next + length));
      }
      case 0x3a:
        return advance(next, integer(line));
      case 0x2a: {
        const length = Number(line);
        return advance(next, length < 0 ? null : { items: [], length });
      }
      case 0x2b:
        return advance(
          next,
          line === "OK" ? OK : new RespStatus(bytes.toString("utf8", at + 1, lineEnd)),
        );
      case 0x2d:
        return advance(next, new RespError(bytes.toString("utf8", at + 1, lineEnd)));
      default:
        throw new Error(`Not a RESP2 reply: it starts with byte ${bytes[at]}.`);
    }
  }

  function advance<Token>(next: number, token: Token): Token {
    at = next;
    return token;
  }

  /** Puts a finished value where it belongs, closing every array that it completes. */
  function settle(value: RespValue): void {
    let finished = value;
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) {
        onReply(finished);
        return;
      }
      parent.items.push(finished);
      if (parent.items.length < parent.length) return;
      open.pop();
      finished = parent.items;
    }
  }

  function push(chunk: Buffer): void {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < neededBytes) return;
    bytes = held.length === 1 ? chunk : Buffer.concat(held);
    at = 0;
    neededBytes = 0;
    while (at < bytes.length) {
      const token = readToken();
      if (token === undefined) break;
      if (!isOpenArray(token)) settle(token);
      else if (token.length === 0) settle([]);
      else open.push(token);
    }
    held = at < bytes.length ? [bytes.subarray(at)] : [];
    heldBytes = bytes.length - at;
  }

  return { push };
}

function isOpenArray(token: RespValue | OpenArray): token is OpenArray {
  return token !== null && typeof token === "object" && "items" in token;
}

function integer(line: string): number | bigint {
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : BigInt(line);
}
