/** `POST /qstash/watchdog`: each five minutes, whether anybody calls or not. */
import type { Timers } from "../../operations/composition.ts";
import { watch } from "../../operations/watch.ts";
import type { Outcome } from "./outcome.ts";

export async function watchdogCallback(timers: Timers): Promise<Outcome> {
  const { failed, ...done } = await watch(timers);
  if (failed > 0) throw new Error(`${failed} of ${done.projects} projects could not be looked at`);
  return { done };
}
