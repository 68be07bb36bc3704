/** `GET /v1/events`: what happens in the project, live, as server-sent events. */
import { LIMITS } from "../../domain/limits.ts";
import { recordFault } from "../../observability/fault.ts";
import { followEvents } from "../../operations/follow-events.ts";
import type { Caller } from "../../operations/operation.ts";
import type { Services } from "../../operations/services.ts";
import { problemResponse, refusalResponse } from "../problem.ts";
import { frameOf } from "./frames.ts";
import { readEventQuery } from "./query.ts";
import { enter, leave } from "./streams.ts";

/** Who does not take what is written for this long is cut off, and may resume. */
const PATIENCE_MS = 30_000;

export function serveEvents({
  services,
  caller,
  request,
}: {
  readonly services: Services;
  readonly caller: Caller;
  readonly request: Request;
}): Response {
  const query = readEventQuery(request);
  if (!query.ok) return refusalResponse(query.refusal);
  const key = `${caller.project} ${caller.key_id}`;
  const stream = enter(key);
  if (!stream) {
    return problemResponse({
      status: 429,
      reason: "limit",
      message: `This key opens event streams faster than they end: at most ${LIMITS.event_streams_per_key} go on at once. Let one reader serve several.`,
      headers: { "retry-after": "30" },
    });
  }
  const gone = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const followed = followEvents(services.store.events, {
    ...query.value,
    signal: AbortSignal.any([request.signal, gone.signal]),
    isOver: () => stream.superseded,
  });
  const write = async (): Promise<void> => {
    for await (const step of followed) {
      await patiently(writer.write(encoder.encode(frameOf(step))));
    }
  };
  write()
    .then(() => writer.close())
    .catch((error: unknown) => {
      // Its going away is the usual end of a stream.
      if (!(error instanceof ReaderGone)) recordFault(error);
      return writer.abort();
    })
    .catch(() => undefined)
    .finally(() => {
      gone.abort();
      leave(key, stream);
    });
  return new Response(readable, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

class ReaderGone extends Error {
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
