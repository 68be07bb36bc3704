/** The event log of one project, for those who follow it. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { type BatonEvent, eventsOf, isAfter, parseEventId } from "../domain/event.ts";
import { runnerOf, type RunnerOptions } from "./runner.ts";
import { script } from "./script.ts";
import clock from "./scripts/lib/clock.lua";
import eventsRead from "./scripts/events-read.lua";
import type { Subscription } from "./subscription.ts";

export const EVENTS_READ = script({
  name: "events-read",
  keys: ["control", "events"],
  chunks: [clock],
  source: eventsRead,
});

const edgesReply = z.strictObject({ oldest: z.string(), newest: z.string() });
const pageReply = z.strictObject({
  entries: z.array(z.strictObject({ id: z.string(), facts: z.json() })),
});

/** The oldest and the newest entry that the log has; `0-0` where it has none. */
export type EventLogEdges = z.infer<typeof edgesReply>;

export interface EventPage {
  readonly events: readonly BatonEvent[];
  /** Where the next page begins. */
  readonly next: string;
  /** There was no more when it was read. */
  readonly isLast: boolean;
}

/** For how long somebody is going to listen on `channel`. */
interface Listening {
  readonly listen_ms: number;
}

export interface EventLog {
  edges(listening: Listening): Promise<EventLogEdges>;
  /** Events after the one (or the entry) of that id. */
  read(page: Listening & { readonly after: string }): Promise<EventPage>;
  /** Where it is said that there is something new to read. */
  readonly channel: string;
  subscribe(channel: string): Promise<Subscription>;
}

export function createEventLog(options: RunnerOptions): EventLog {
  const { keys, said } = runnerOf(options);
  return {
    channel: `${keys.project.control}:events`,
    subscribe: (channel) => options.transport.subscribe(channel),
    edges: (request) => said({ script: EVENTS_READ, reply: edgesReply, request }),
    read: async ({ after, listen_ms }) => {
      const request = { from: startOf(after), listen_ms };
      const { entries } = await said({ script: EVENTS_READ, reply: pageReply, request });
      const events = entries
        .flatMap(({ id, facts }) => eventsOf(id, JSON.stringify(facts)))
        .filter((event) => isAfter(event, after));
      const next = entries.at(-1)?.id ?? after;
      return { events, next, isLast: entries.length < LIMITS.events_per_read };
    },
  };
}

/** An id with a number means a place within its entry, whose rest comes first. */
function startOf(after: string): string {
  const place = parseEventId(after);
  if (!place) return "-";
  return place.number === Infinity ? `(${place.entry}` : place.entry;
}
