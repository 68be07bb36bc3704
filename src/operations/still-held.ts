/** A refusal that leaves the worker with its task renews the lease, as every call with it does, and tells what there is to tell. */
import type { Refusal } from "../domain/refusal.ts";
import type { HeldLease } from "../store/held-lease.ts";
import type { Store } from "../store/store.ts";
import { leaseRefusal } from "./lease-refusal.ts";
import { sayNotices } from "./notices.ts";

/** Where the lease is worth nothing any more, that is what the caller must know. */
export async function stillHeld(
  store: Store,
  { lease, refusal }: { lease: HeldLease; refusal: Refusal },
): Promise<{ ok: false; refusal: Refusal }> {
  const reply = await store.heartbeat({ lease });
  if ("refused" in reply) return leaseRefusal(reply.refused, lease);
  return { ok: false, refusal: { ...refusal, ...sayNotices(reply.said.notices) } };
}
