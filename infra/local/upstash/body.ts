// Reads a request's body up to a limit, and reads on to the end beyond it so that the client hears the refusal.
import type { IncomingMessage } from "node:http";

/** `bytes` is missing when the body was over the limit; `size` is its full size then. */
export type ReadBody = { bytes?: Buffer; size: number };

/** @throws Error when the client ends the connection half-way. */
export function readBody(request: IncomingMessage, limit: number): Promise<ReadBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on("end", () => {
      if (size > limit) resolve({ size });
      else
        resolve({
          bytes: chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks),
          size,
        });
    });
    request.on("error", reject);
  });
}

const EMPTY = Buffer.alloc(0);
