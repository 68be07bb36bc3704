/** Follows the event log of a project: what happens from now on, or from an earlier event on. */
import { type BatonEvent, type Fact, isAfter } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";
import type { EventLog } from "../store/event-log.ts";
import { hangBell } from "./bell.ts";

/** A quiet moment costs no command; the sooner one is told, the sooner a reader that has gone is noticed. */
const QUIET_MS = 5_000;
/** A message may be lost: the log is read this often in any case. */
const LOOK_MS = 60_000;
/** Listening is noted for longer than it takes to look again. */
const LISTEN_MS = LOOK_MS + 30_000;

/**
 * `start`: from here on nothing is missed. `at`: whoever resumes after this id misses nothing and is told nothing twice.
 * `gap`: what happened before `oldest`, the first entry that the log still has, is no longer known. `quiet`: nothing that
 * is wanted for a while; and once, at the end of what a reader who resumes has missed, so that it knows that it has all.
 */
export type Followed =
  | { readonly kind: "start" | "quiet"; readonly at: string }
  | { readonly kind: "gap"; readonly oldest: string }
  | { readonly kind: "events"; readonly events: readonly BatonEvent[] };

export interface Following {
  readonly isWanted: (fact: Fact) => boolean;
  /** The event after which to begin; absent: with the next one. */
  readonly after?: string;
  readonly signal: AbortSignal;
  /** Whether to end for another reason. */
  readonly isOver?: () => boolean;
}

/**
 * Each event once, in order. Nothing is kept for a slow reader: the next page is read once it has taken the one before.
 * Ends after `event_stream_seconds`; whoever wants more begins again after the last event.
 */
export async function* followEvents(
  log: EventLog,
  { isWanted, after: last, signal, isOver = () => false }: Following,
): AsyncGenerator<Followed> {
  const ends = Date.now() + LIMITS.event_stream_seconds * 1000;
  const goesOn = (until: number): boolean => !signal.aborted && !isOver() && Date.now() < until;
  // The bell hangs before the first look, so that nothing falls between the two.
  const bell = await hangBell(log, log.channel);
  const close = (): void => bell.close();
  signal.addEventListener("abort", close);
  try {
    const start = await log.edges({ listen_ms: LISTEN_MS });
    let after = last ?? start.newest;
    let told = Date.now();
    let isBehind = last !== undefined;
    yield { kind: "start", at: after };
    // An event of the oldest entry itself has nothing missing behind it.
    if (last !== undefined && isAfter({ id: `${start.oldest}-0` }, last)) {
      yield { kind: "gap", oldest: start.oldest };
    }
    while (goesOn(ends)) {
      const page = await log.read({ after, listen_ms: LISTEN_MS });
      const events = page.events.filter(({ fact }) => isWanted(fact));
      after = page.next;
      if (events.length > 0) {
        yield { kind: "events", events };
        told = Date.now();
      }
      // Where much happens that this reader does not want, the bell rings on, and no wait below is a quiet one.
      if ((isBehind && page.isLast) || Date.now() - told >= QUIET_MS) {
        yield { kind: "quiet", at: after };
        told = Date.now();
      }
      if (!page.isLast) continue;
      isBehind = false;
      const looks = Math.min(ends, Date.now() + LOOK_MS);
      while (goesOn(looks) && !(await bell.heard(Math.min(QUIET_MS, looks - Date.now())))) {
        yield { kind: "quiet", at: after };
        told = Date.now();
      }
    }
  } finally {
    signal.removeEventListener("abort", close);
    bell.close();
  }
}
