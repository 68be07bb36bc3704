/**
 * The streams that each key has open here, of whatever kind. Each isolate counts its own: a bound on what one server
 * holds, not on what a key does elsewhere.
 */
import { LIMITS } from "../../domain/limits.ts";
import type { Caller } from "../operation.ts";

/** One open stream. It looks itself whether it is to end: nothing of one request may be touched by another. */
export interface OpenStream {
  superseded: boolean;
}

const open = new Map<string, Set<OpenStream>>();

export const TOO_MANY_STREAMS = `This key opens event streams faster than they end: at most ${LIMITS.event_streams_per_key} go on at once. Let one reader serve several.`;

/**
 * Lets one more in, or not. That a reader has gone is seen only by writing to it, some seconds later; so one that comes
 * back often must not be shut out by its own past: beyond the limit the oldest stream ends, and only a multiple of it is
 * refused.
 */
export function enter(caller: Caller): OpenStream | undefined {
  const key = nameOf(caller);
  const streams = open.get(key) ?? new Set();
  if (streams.size >= LIMITS.event_streams_per_key * 10) return undefined;
  const stream = { superseded: false };
  open.set(key, streams.add(stream));
  const current = [...streams].filter(({ superseded }) => !superseded);
  const [oldest] = current;
  if (oldest && current.length > LIMITS.event_streams_per_key) oldest.superseded = true;
  return stream;
}

export function leave(caller: Caller, stream: OpenStream): void {
  const key = nameOf(caller);
  const streams = open.get(key);
  streams?.delete(stream);
  if (streams?.size === 0) open.delete(key);
}

function nameOf({ project, key_id }: Caller): string {
  return `${project} ${key_id}`;
}
