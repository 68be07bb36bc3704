/** Looks until there is something to tell. */
import type { Said } from "../../store/codec.ts";
import type { Call } from "../operation.ts";
import { keepCompany } from "../wait-cap.ts";
import { type KnownAgents, readAgents } from "../why/read-facts.ts";
import type { Cursor } from "./cursor.ts";
import { type Eyes, lookAt, type Seen } from "./look.ts";
import type { Target } from "./target.ts";
import { changes } from "./until-changed.ts";

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
  const changed = changes(call.signal);
  const leave = keepCompany(call, "Waiting for tasks");
  try {
    // Each look asks only for what came after the one before.
    let seen = first;
    while (left() > 0 && !call.signal.aborted) {
      await changed(left());
      if (call.signal.aborted) return seen;
      const next = await lookAt(eyes, { target, since: seen.said.cursor });
      if ("refused" in next) return next;
      seen = next;
      if (isEnough(seen.said)) break;
    }
    // All of it since the caller's own cursor, as it stands now.
    return await lookAt(eyes, { target, since });
  } finally {
    leave();
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
