/** Makes webhook deliveries after a change, while nobody waits for it. */
import { recordFault } from "../../observability/fault.ts";
import { makeDeliveries } from "./make-deliveries.ts";
import type { Webhooks } from "./webhooks.ts";

/** Never rejects. What it leaves undone is done after the next change, or by the watchdog. */
export async function announceEvents(webhooks: Webhooks): Promise<void> {
  try {
    await makeDeliveries(webhooks);
  } catch (error) {
    recordFault(error);
  }
}
