/** The event log of one project, for those who follow it. */
import * as z from "zod";
import { type BatonEvent, eventsOf, isAfter, parseEventId } from "../domain/event.ts";
import { decode } from "./codec.ts";
import { keysOf } from "./keys.ts";
import { script } from "./script.ts";
import clock from "./scripts/lib/clock.lua";
import eventsRead from "./scripts/events-read.lua";
import type { Subscription } from "./subscription.ts";
import type { Transport } from "./transport.ts";

export const EVENTS_READ = script({
  name: "events-read",
  keys: ["control", "events"],
  chunks: [clock],
  source: eventsRead,
});

const readReply = z.strictObject({
  oldest: z.string(),
  newest: z.string(),
  entries: z.array(z.strictObject({ id: z.string(), facts: z.json() })),
});

export interface EventPage {
  /** The oldest and the newest entry that the log has; `0-0` where it has none. */
  readonly oldest: string;
  readonly newest: string;
  /** None: that was all. */
  readonly events: readonly BatonEvent[];
  /** Where the next page begins. */
  readonly next: string;
}

export interface EventLog {
  /**
   * Events after the one (or the entry) of that id; without it none. `listen_ms`: for how long somebody is going to
   * listen on `channel`.
   */
  read(page: { readonly after?: string; readonly listen_ms?: number }): Promise<EventPage>;
  /** Where it is said that there is something new to read. */
  readonly channel: string;
  subscribe(channel: string): Promise<Subscription>;
}

export function createEventLog({
  transport,
  project,
  now,
}: {
  readonly transport: Transport;
  readonly project: string;
  readonly now?: () => number;
}): EventLog {
  const keys = keysOf(project);
  return {
    channel: `${keys.project.control}:events`,
    subscribe: (channel) => transport.subscribe(channel),
    read: async ({ after, listen_ms }) => {
      const request = {
        ...(after !== undefined && { from: startOf(after) }),
        ...(listen_ms !== undefined && { listen_ms }),
      };
      const args = [String(now?.() ?? 0), JSON.stringify(request)];
      const text = await transport.run(EVENTS_READ, EVENTS_READ.keys(keys, []), args);
      const { reply } = decode(readReply, text);
      if ("refused" in reply) throw new Error("a reading of events was refused");
      const { oldest, newest, entries } = reply.said;
      const events = entries
        .flatMap(({ id, facts }) => eventsOf(id, JSON.stringify(facts)))
        .filter((event) => after === undefined || isAfter(event, after));
      return { oldest, newest, events, next: entries.at(-1)?.id ?? after ?? newest };
    },
  };
}

/** An id with a number means a place within its entry, whose rest comes first. */
function startOf(after: string): string {
  const place = parseEventId(after);
  if (!place) return "-";
  return place.number === Infinity ? `(${place.entry}` : place.entry;
}
