/** What operations stand on. Built per request by `compose.ts`; tests build it over real stores. */
import type { ScheduleStore } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

export interface Services {
  readonly store: Store;
  readonly schedules: ScheduleStore;
  /** Absent where this server does not know its own URL: then QStash cannot call it for deliveries. */
  readonly webhooks?: Webhooks;
  /** Cryptographic random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}
