/** Hands a tick that a call armed to QStash, and notes that QStash has it. */
import { recordFault } from "../observability/fault.ts";
import type { Scheduler, Tick } from "../scheduler/scheduler.ts";
import type { Store } from "../store/store.ts";

/**
 * Never rejects, since nobody waits for it. A tick that was not handed over stays armed and unsent: whoever finds it
 * overdue arms another, and the watchdog sends it again.
 */
export async function announceTick(
  { scheduler, store }: { scheduler: Scheduler; store: Pick<Store, "tickSent"> },
  tick: Tick,
): Promise<void> {
  if (!(await scheduler.sendTick(tick))) return;
  try {
    await store.tickSent(tick.generation);
  } catch (error) {
    recordFault(error);
  }
}
