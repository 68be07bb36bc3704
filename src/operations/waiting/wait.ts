/** Looks until there is something to tell. */
import type { Said } from "../../store/codec.ts";
import type { Call } from "../operation.ts";
import { keepCompany } from "../wait-cap.ts";
import { type KnownAgents, readAgents } from "../why/read-facts.ts";
import type { Cursor } from "./cursor.ts";
import { type Eyes, lookAt, type Seen } from "./look.ts";
import type { Target } from "./target.ts";
import { hearChanges, WATCH_MS } from "./until-changed.ts";

/** Who is there changes slowly, and to read it costs more than a look. */
const AGENTS_FOR_MS = 30_000;

export interface Wait {
  readonly target: Target;
  readonly since: Cursor | undefined;
  readonly wait_ms: number;
  /** Whether what was seen is worth a reply. */
  readonly isEnough: (seen: Seen) => boolean;
}

export async function waitFor(call: Call, wait: Wait): Promise<Said<Seen>> {
  const { target, since, wait_ms, isEnough } = wait;
  const eyes = openEyes(call);
  const first = await lookAt(eyes, { target, since });
  if ("refused" in first || wait_ms === 0 || isEnough(first.said)) return first;
  const started = Date.now();
  const left = (): number => started + wait_ms - Date.now();
  const { store } = call.services;
  const changes = await hearChanges(store, { runs: target.runs, signal: call.signal });
  const leave = keepCompany(call, "Waiting for tasks");
  try {
    // Each look asks only for what came after the one before. The first notes that somebody waits: what changed since the
    // one before it, it sees itself.
    let seen = first;
    for (;;) {
      const look = { target, since: seen.said.cursor, watch_ms: WATCH_MS };
      const next = await lookAt(eyes, look);
      if ("refused" in next) return next;
      seen = next;
      if (isEnough(seen.said) || left() <= 0) break;
      await changes.next(left());
      if (call.signal.aborted) return seen;
    }
    // All of it since the caller's own cursor, as it stands now.
    return await lookAt(eyes, { target, since });
  } finally {
    leave();
    changes.close();
  }
}

function openEyes({ services: { store } }: Call): Eyes {
  let known: { readonly agents: KnownAgents; readonly at: number } | undefined;
  return {
    store,
    agents: async () => {
      if (!known || Date.now() - known.at > AGENTS_FOR_MS) {
        known = { agents: await readAgents(store), at: Date.now() };
      }
      return known.agents;
    },
  };
}
