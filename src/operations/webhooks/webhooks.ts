/** What webhook operations stand on. */
import type { Attempt } from "../../scheduler/deliveries.ts";
import type { WebhookStore } from "../../store/webhooks.ts";

export interface Webhooks {
  readonly store: WebhookStore;
  /** Hands planned attempts to QStash. Never rejects: what was not taken waits in the outbox for the watchdog. */
  readonly queue: (attempts: readonly Attempt[]) => Promise<boolean>;
  /** Has QStash call for the rest of the events, from that place on. Never rejects; lost, the watchdog does it. */
  readonly goOn: (from: string) => Promise<boolean>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** DNS over HTTPS, by which names are looked up; absent where nothing is. */
  readonly resolver?: string;
  /** Evenly between 0 and 1: spreads retries. */
  readonly chance: () => number;
  /** The local stack delivers to loopback. */
  readonly allow_loopback: boolean;
}
