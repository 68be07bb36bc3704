/** Plans deliveries anew, page by page, and hands them to QStash. */
import { LIMITS } from "../../domain/limits.ts";
import type { DeliveryListing } from "../../store/webhooks.ts";
import type { Webhooks } from "./webhooks.ts";

/** Pages of one call: the rest is for the next. */
const PAGES = 10;

export interface Replayed {
  readonly [field: string]: unknown;
  readonly replayed: number;
  /** Where to go on; absent when that was all. */
  readonly cursor?: string;
}

/** A crash between two pages, or before QStash has them, loses nothing: they wait in the outbox for the watchdog. */
export async function replayPages(
  { store, queue }: Webhooks,
  wanted: Omit<DeliveryListing, "limit" | "replay">,
): Promise<Replayed> {
  let before = wanted.before;
  let replayed = 0;
  for (let number = 0; number < PAGES; number++) {
    const page = await store.deliveries({
      ...wanted,
      ...(before !== undefined && { before }),
      limit: LIMITS.webhook_deliveries_per_step,
      replay: true,
    });
    replayed += page.replayed;
    await queue(page.planned);
    if (page.next === null) return { replayed };
    before = page.next;
  }
  return { replayed, ...(before !== undefined && { cursor: before }) };
}
