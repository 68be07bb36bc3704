/** What operations stand on. Built per request by `compose.ts`; tests build it over real stores. */
import type { Store } from "../store/store.ts";

export interface Services {
  readonly store: Store;
  /** Cryptographic random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}
