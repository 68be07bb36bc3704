/** Looks at the clock for one project: handles what is due and removes what has been kept for long enough. */
import { LIMITS } from "../domain/limits.ts";
import type { Store } from "../store/store.ts";

export interface Looked {
  /** Due items that were handled. */
  readonly swept: number;
  /** Tasks that were removed after their retention. */
  readonly removed: number;
  /** How far behind the project still is. Milliseconds. */
  readonly overdue_ms: number;
}

export interface LookOptions {
  /** Of the tick that looks: the armed one makes room for its successor. Absent for the watchdog. */
  readonly generation?: number;
  /** Send again what was armed and never reached QStash. */
  readonly resend?: true;
}

/** Bounded, so that it answers fast; what is left gets the next tick. Safe to be called any number of times. */
export async function tick(store: Store, options: LookOptions = {}): Promise<Looked> {
  let swept = 0;
  let overdue_ms = 0;
  for (let look = 1; look <= LIMITS.looks_per_visit; look++) {
    const last = look === LIMITS.looks_per_visit;
    const seen = await store.tick({ limit: LIMITS.sweep_per_look, last, ...options });
    swept += seen.swept;
    overdue_ms = seen.overdue_ms;
    if (!seen.due) break;
  }
  let removed = 0;
  for (let batch = 1; batch <= LIMITS.removals_per_visit; batch++) {
    const gone = await store.retire();
    removed += gone;
    if (gone === 0) break;
  }
  return { swept, removed, overdue_ms };
}
