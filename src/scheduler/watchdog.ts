/** The one schedule that needs nobody's call: each five minutes it makes the Worker look at all projects. */
import { CALLBACKS, createClient, type SchedulerConfig } from "./scheduler.ts";

/** 288 messages a day, of the 1,000 that the free plan has. */
const EACH_FIVE_MINUTES = "*/5 * * * *";

/** Creates the schedule, or replaces the one that is there. Its id is fixed for this address. */
export async function upsertWatchdog(
  config: Pick<SchedulerConfig, "url" | "token" | "base_url">,
): Promise<{ readonly schedule_id: string }> {
  const { base_url } = config;
  const { scheduleId } = await createClient(config).schedules.create({
    destination: `${base_url}${CALLBACKS.watchdog}`,
    cron: EACH_FIVE_MINUTES,
    scheduleId: `baton-watchdog-${new URL(base_url).host.replaceAll(/[^\w.-]/g, "-")}`,
    // The next run is the retry: further attempts would only use up messages.
    retries: 0,
    failureCallback: `${base_url}${CALLBACKS.failed}`,
    label: "baton-watchdog",
  });
  return { schedule_id: scheduleId };
}
