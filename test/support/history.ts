/**
 * Judges what all clients saw, after the fact: whether anything was lost, done twice, contradicted, or left waiting
 * without a reason. It knows nothing of how the server works, only what it promises.
 */
import { checkClaims } from "./history/claims.ts";
import { checkCreations } from "./history/creations.ts";
import { checkDelegation } from "./history/delegation.ts";
import { checkEndings } from "./history/endings.ts";
import { checkHolders } from "./history/holders.ts";
import { checkLeases } from "./history/leases.ts";
import { checkOrder } from "./history/order.ts";
import { checkResults } from "./history/results.ts";
import { checkReviews } from "./history/reviews.ts";
import { checkWaits } from "./history/waits.ts";
import { checkTalk } from "./history/talk.ts";
import type { FinalState } from "./history/final-state.ts";
import type { SeenCall } from "./seen-call.ts";

/** Something that the server's event log tells, with its time in milliseconds of Redis' clock. */
export interface Fact {
  readonly at: number;
  readonly type: string;
  readonly task_id?: string | undefined;
  readonly attempt?: number | undefined;
  readonly agent_id?: string | undefined;
  readonly released_by?: string | undefined;
  readonly again?: boolean | undefined;
  /** The review that it is about, and which one of its round. */
  readonly review?: string | undefined;
  readonly round?: number | undefined;
  readonly parent?: string | undefined;
  readonly suspended_for?: string | undefined;
}

export interface History {
  /** In any order. */
  readonly calls: readonly SeenCall[];
  /** In the order in which they happened. */
  readonly facts: readonly Fact[];
  readonly final: FinalState;
  /** Agent types that somebody polled for until the end: their tasks have no reason to wait. */
  readonly served: readonly string[];
  /** How far the clients' clocks may be from Redis' clock. Milliseconds. */
  readonly skew_ms: number;
}

/** A promise that was not kept. */
export interface Breach {
  /** `lost`: work or a result is gone, or never ends. `doubled`: done, leased or created twice. `untrue`: said and not so. */
  readonly kind: "lost" | "doubled" | "untrue";
  readonly text: string;
}

/** Empty where every promise was kept. */
export function checkHistory(history: History): Breach[] {
  return [
    ...checkCreations(history),
    ...checkEndings(history),
    ...checkClaims(history),
    ...checkLeases(history),
    ...checkHolders(history),
    ...checkResults(history),
    ...checkOrder(history),
    ...checkReviews(history),
    ...checkWaits(history),
    ...checkTalk(history),
    ...checkDelegation(history),
  ];
}
