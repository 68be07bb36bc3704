/** The watchdog's round: looks at the clock for the projects that were looked at longest ago. */
import { recordFault } from "../observability/fault.ts";
import type { Timers } from "./composition.ts";
import { tick } from "./tick.ts";
import { sendOverdue } from "./webhooks/send-overdue.ts";

export interface Watched {
  readonly projects: number;
  readonly swept: number;
  readonly removed: number;
  /** Of the project that is furthest behind. Milliseconds. */
  readonly overdue_ms: number;
  /** Webhook deliveries made or sent again. */
  readonly deliveries: number;
  /** Projects whose look failed; the log has the faults. */
  readonly failed: number;
}

/** A project that fails does not keep the others from being looked at. */
export async function watch({ deployment, projects, servicesOf }: Timers): Promise<Watched> {
  const total = { projects: 0, swept: 0, removed: 0, overdue_ms: 0, deliveries: 0, failed: 0 };
  for (const project of await deployment.visit(projects)) {
    const services = servicesOf(project);
    if (!services) continue;
    total.projects += 1;
    try {
      const looked = await tick(services.store, { resend: true });
      total.swept += looked.swept;
      total.removed += looked.removed;
      if (services.webhooks) total.deliveries += await sendOverdue(services.webhooks);
      total.overdue_ms = Math.max(total.overdue_ms, looked.overdue_ms);
    } catch (error) {
      recordFault(error);
      total.failed += 1;
    }
  }
  return total;
}
