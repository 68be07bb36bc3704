/** The times of a cron expression, by the calendar of a time zone. Pure: it knows no now. */
import { Cron } from "croner";

export interface CronTimes {
  /** The first time after `time`; both in milliseconds. Undefined where there is none. */
  after(time: number): number | undefined;
  /** The last time at or before `time`. */
  upTo(time: number): number | undefined;
}

/** The expression read, or in a few words why it cannot be. Five fields: a schedule fires once a minute at most. */
export function readCron(
  expression: string,
  timeZone: string,
): CronTimes | { readonly fault: string } {
  let cron: Cron;
  try {
    cron = new Cron(expression, { mode: "5-part", timezone: timeZone, paused: true });
  } catch {
    return {
      fault: `"${expression.slice(0, 60)}" is no cron expression of five fields, such as 0 9 * * 1-5`,
    };
  }
  const after = (time: number) => cron.nextRun(new Date(time))?.getTime();
  try {
    // The time zone is looked at only when a time is worked out.
    if (after(0) === undefined) return { fault: `"${expression}" never comes` };
  } catch {
    return { fault: `no time zone "${timeZone.slice(0, 60)}"; take one such as Europe/Berlin` };
  }
  return {
    after,
    upTo: (time) => {
      // The library looks before a whole second, and knows no finer times.
      const before = new Date((Math.floor(time / 1000) + 1) * 1000);
      return cron.previousRuns(1, before)[0]?.getTime();
    },
  };
}
