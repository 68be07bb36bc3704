/** `GET /v1/events`: what happens in the project, live, as server-sent events. */
import { type Fact, matches } from "../../domain/event.ts";
import { followEvents } from "../../operations/follow-events.ts";
import type { Caller } from "../../operations/operation.ts";
import type { Services } from "../../operations/services.ts";
import { openStream } from "../../operations/streams/open-stream.ts";
import { TOO_MANY_STREAMS } from "../../operations/streams/open-streams.ts";
import { problemResponse, refusalResponse } from "../problem.ts";
import { frameOf } from "./frames.ts";
import { readEventQuery } from "./query.ts";

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
  const { filter, after } = query.value;
  const encoder = new TextEncoder();
  const stream = openStream({ caller, signal: request.signal }, async ({ write, ...until }) => {
    const isWanted = (fact: Fact): boolean => matches(filter, fact);
    const following = { ...until, ...(after !== undefined && { after }), isWanted };
    for await (const step of followEvents(services.store.events, following)) {
      await write(encoder.encode(frameOf(step)));
    }
  });
  if (!stream) {
    return problemResponse({
      status: 429,
      reason: "limit",
      message: TOO_MANY_STREAMS,
      headers: { "retry-after": "30" },
    });
  }
  return new Response(stream, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}
