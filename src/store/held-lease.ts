import type { LeaseRef } from "../domain/ids.ts";

/** A lease together with the key that came with it: it works with no other. */
export interface HeldLease extends LeaseRef {
  readonly key_id: string;
}
