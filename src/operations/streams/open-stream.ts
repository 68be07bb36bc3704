/** A stream to one reader: bounded for each key, never faster than its reader, and over soon after the reader has gone. */
import { recordFault } from "../../observability/fault.ts";
import type { Following } from "../follow-events.ts";
import type { Caller } from "../operation.ts";
import { enter, leave } from "./open-streams.ts";

/** Who does not take what is written for this long is cut off, and may come back. */
const PATIENCE_MS = 30_000;

/** Whoever fills the stream ends when `signal` fires, or once `isOver`. */
export interface Outlet extends Pick<Following, "signal"> {
  readonly isOver: () => boolean;
  /** Resolves once the reader has taken it; rejects with `ReaderGone`. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** Undefined where the key has too many. */
export function openStream(
  { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
  fill: (outlet: Outlet) => Promise<void>,
): ReadableStream<Uint8Array> | undefined {
  const stream = enter(caller);
  if (!stream) return undefined;
  const gone = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  fill({
    signal: AbortSignal.any([signal, gone.signal]),
    isOver: () => stream.superseded,
    write: (bytes) => patiently(writer.write(bytes)),
  })
    .then(() => writer.close())
    .catch((error: unknown) => {
      // Its going away is the usual end of a stream.
      if (!(error instanceof ReaderGone)) recordFault(error);
      return writer.abort();
    })
    .catch(() => undefined)
    .finally(() => {
      gone.abort();
      leave(caller, stream);
    });
  return readable;
}

export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

async function patiently(write: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ReaderGone("too slow")), PATIENCE_MS);
  });
  const taken = write.catch(() => {
    throw new ReaderGone("gone");
  });
  await Promise.race([taken, patience]).finally(() => clearTimeout(timer));
}
