/** The event log of one project, for those who follow it. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
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
  async function run<T extends z.ZodType>(schema: T, request: object): Promise<z.infer<T>> {
    const args = [String(now?.() ?? 0), JSON.stringify(request)];
    const { reply } = decode(
      schema,
      await transport.run(EVENTS_READ, EVENTS_READ.keys(keys, []), args),
    );
    if ("refused" in reply) throw new Error("a reading of events was refused");
    return reply.said;
  }
  return {
    channel: `${keys.project.control}:events`,
    subscribe: (channel) => transport.subscribe(channel),
    edges: ({ listen_ms }) => run(edgesReply, { listen_ms }),
    read: async ({ after, listen_ms }) => {
      const { entries } = await run(pageReply, { from: startOf(after), listen_ms });
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
