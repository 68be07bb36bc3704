/** Follows the events of a project for as long as one likes: streams end and servers restart, what is told goes on. */
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { Unreachable } from "../api.ts";
import type { Connection } from "../connection.ts";
import { connectEvents, type EventQuery, type Refused } from "./connect.ts";
import type { Frame } from "./frames.ts";

export interface SeenEvent {
  readonly type: string;
  /** Absent for what is no event: `gap`. */
  readonly id?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * `start`: from here on nothing is missed; said again after each break. `quiet`: nothing for some seconds, or no more after
 * what was missed. `at`: how far the stream is then; absent where nothing has happened yet.
 */
export type Step =
  | { readonly kind: "start" | "quiet"; readonly at?: string | undefined }
  | { readonly kind: "events"; readonly events: readonly SeenEvent[] };

export interface StreamOptions {
  readonly query: EventQuery;
  /** The event after which to begin; the next one that happens where absent. */
  readonly after?: string | undefined;
  readonly signal: AbortSignal;
  /** Told when the server is away, and when it is back. */
  readonly say: (line: string) => void;
}

/** Whoever never reached the server has probably a wrong address. */
const FIRST_TRIES = 5;
/** A deployment or an outage is over by then, or somebody has to look at it. */
const GIVE_UP_AFTER_MS = 600_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

const data = z.record(z.string(), z.unknown());

/**
 * Each event once, in order. Returns what was refused; throws `Unreachable` when the server stays away, and when
 * `signal` fires.
 */
export async function* followStream(
  connection: Connection,
  { query, after: last, signal, say }: StreamOptions,
): AsyncGenerator<Step, Refused> {
  let after = last;
  let between_ms = 0;
  let heard: number | undefined;
  let away: { readonly since: number; readonly tries: number } | undefined;
  // Whoever stops waiting before there was an answer learns that there was none.
  const orUnheard = (error: unknown): unknown =>
    heard === undefined ? new Unreachable(unheard ?? `${connection.url} does not answer.`) : error;
  let unheard: string | undefined;
  for (;;) {
    try {
      const stream = await connectEvents(connection, { query, after, signal });
      if ("refused" in stream) return stream;
      heard ??= Date.now();
      for await (const frames of stream) {
        if (away && heard !== undefined) say("Connected again.");
        away = undefined;
        heard = Date.now();
        for (const frame of frames) {
          after = frame.id ?? after;
          between_ms = Number(frame.retry ?? between_ms);
        }
        yield* stepsOf(frames);
      }
      // The server ends each stream after some minutes.
      await pause(between_ms, undefined, { signal });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw signal.aborted ? orUnheard(error) : error;
      unheard = error.message;
      const { since, tries } = away ?? { since: Date.now(), tries: 0 };
      const isEnough =
        heard === undefined ? tries + 1 >= FIRST_TRIES : Date.now() - since > GIVE_UP_AFTER_MS;
      if (isEnough) throw error;
      if (!away) say(`${error.message} Trying again.`);
      away = { since, tries: tries + 1 };
      // Those that lost the same server do not all come back in the same moment.
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
      const again = longest * (0.5 + Math.random() / 2);
      await pause(again, undefined, { signal }).catch((over: unknown) => {
        throw orUnheard(over);
      });
    }
  }
}

function* stepsOf(frames: readonly Frame[]): Generator<Step> {
  const start = frames.find(({ retry }) => retry !== undefined);
  if (start) yield { kind: "start", at: start.id };
  const events = frames.flatMap(({ event, id, data: text }) =>
    event === undefined
      ? []
      : [
          {
            type: event,
            ...(id !== undefined && { id }),
            data: data.parse(JSON.parse(text ?? "{}")),
          },
        ],
  );
  if (events.length > 0) yield { kind: "events", events };
  const last = frames.at(-1);
  if (last && last !== start && last.event === undefined) yield { kind: "quiet", at: last.id };
}
