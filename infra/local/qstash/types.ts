// How the local QStash is started and what the starter gets.

import type { Clock } from "./clock.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { FaultRule, Faults } from "./faults.ts";
import type { Plan, PlanName } from "./plan.ts";
import type { SigningKeyPair } from "./signing-keys.ts";
import type { QstashStats } from "./stats.ts";

export type QstashOptions = {
  /** Default 0: any free port. Taken ports reject with EADDRINUSE. */
  readonly port?: number;
  /** Token and keys default to those of Upstash's own dev server, which are public. */
  readonly token?: string;
  readonly currentSigningKey?: string;
  readonly nextSigningKey?: string;
  /** Default `realClock()`; `manualClock()` stands still until advanced. */
  readonly clock?: Clock;
  /**
   * Which time signatures carry. Default "real", because the receiver checks them against real
   * time while the clock may have been moved by hours.
   */
  readonly signatureTime?: "real" | "clock";
  /** Default "free"; single limits may be given and override those of "free". */
  readonly plan?: PlanName | Partial<Plan>;
  /** Faults that are on from the start. */
  readonly faults?: readonly FaultRule[];
  /** For faults with a chance: numbers from 0 up to 1. Default Math.random. */
  readonly random?: () => number;
  /** Sent as Upstash-Region. Default "EU-CENTRAL-1". */
  readonly region?: "EU-CENTRAL-1" | "US-EAST-1";
  /** Status of an accepted publish. Default 200. */
  readonly publishStatus?: 200 | 201;
};

export type DrainReport = {
  readonly advancedMs: number;
  /** Messages that are still to be delivered. */
  readonly pending: number;
};

export type Qstash = {
  /** Base URL for the SDK, like `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  signingKeys(): SigningKeyPair;
  /** As POST /v2/keys/rotate: next becomes current, a new next is made. */
  rotateKeys(): SigningKeyPair;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Live counts. */
  readonly stats: Readonly<QstashStats>;
  /** Ids of the messages that are still to be delivered, in the order of creation. */
  pending(): readonly string[];
  /** Newest first, at most 100. */
  deadLetters(): readonly DeadLetter[];
  /** Resolves when no call to an endpoint is open. */
  idle(): Promise<void>;
  /**
   * Moves the clock from one pending delivery to the next until none is left or the next lies more
   * than `horizonMs` (default 1 h) from where it began. Schedules fire on the way.
   */
  drain(options?: { readonly horizonMs?: number }): Promise<DrainReport>;
  /** Ends the server, every timer and every open delivery. May be called twice. */
  stop(): Promise<void>;
};
