/** Sends what was held for an endpoint, now that it goes on. Where it was deleted, that is over. */
import type { Webhooks } from "./webhooks.ts";

/** Batches of one call. */
const BATCHES = 10;

/** Returns how many were planned. What it leaves, or a crash, the watchdog goes on with. */
export async function releaseHeld(
  { store, queue }: Webhooks,
  endpoint_id: string,
): Promise<number> {
  let released = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const { planned, more } = await store.release(endpoint_id);
    released += planned.length;
    await queue(planned);
    if (!more) break;
  }
  return released;
}
