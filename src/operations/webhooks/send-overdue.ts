/** The watchdog's look at webhooks: what was lost on the way to QStash is sent again, and events without deliveries get them. */
import { makeDeliveries } from "./make-deliveries.ts";
import { releaseHeld } from "./release-held.ts";
import type { Webhooks } from "./webhooks.ts";

/** Returns how many deliveries it made or sent again. */
export async function sendOverdue(webhooks: Webhooks): Promise<number> {
  const made = await makeDeliveries(webhooks);
  const { overdue, releases } = await webhooks.store.overdue();
  await webhooks.queue(overdue);
  let released = 0;
  for (const endpoint_id of releases) released += await releaseHeld(webhooks, endpoint_id);
  return made + overdue.length + released;
}
