/** Server-sent events as text (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import type { BatonEvent } from "../../domain/event.ts";
import type { Followed } from "../../operations/follow-events.ts";

/** How soon a reader comes back when the stream has ended. */
const RETRY_MS = 2_000;

export function frameOf(step: Followed): string {
  switch (step.kind) {
    case "start":
      return `retry: ${RETRY_MS}\n${place(step.at)}\n`;
    case "gap":
      return `event: gap\ndata: ${JSON.stringify({ oldest: step.oldest })}\n\n`;
    case "events":
      return step.events.map(eventFrame).join("");
    case "quiet":
      // Keeps proxies from taking the stream for dead, and tells us when nobody reads it any more.
      return `: keep-alive\n${place(step.at)}\n`;
  }
}

/**
 * An id without an event moves the place of a reader to which nothing was told for long: what its filter left out is
 * not read again. Before the very first event there is no place yet.
 */
function place(at: string): string {
  return at === "0-0" ? "" : `id: ${at}\n`;
}

function eventFrame({ id, at, fact }: BatonEvent): string {
  const { type, ...data } = fact;
  const body = JSON.stringify({ ...data, at: new Date(at).toISOString() });
  return `id: ${id}\nevent: ${type}\ndata: ${body}\n\n`;
}
