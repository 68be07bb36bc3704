// Reads the cron expressions of QStash: five fields, in UTC or after CRON_TZ=Area/City.

import { Cron } from "croner";
import { badRequest } from "./api-error.ts";

export type CronExpression = {
  /** The first time after `time`, both in unix milliseconds; undefined if there is none. */
  next(time: number): number | undefined;
};

/** Only what five-field cron knows; the library reads more (L, W, #), which QStash does not promise. */
const plainFields = /^(?:(?:[\d*/,?-]|[A-Za-z]{3})+(?:\s+|$)){5}$/;

/** Throws ApiError 400 for what cannot be read. */
export function readCron(text: string): CronExpression {
  const zone = /^(?:CRON_TZ|TZ)=(\S+)\s+/.exec(text);
  const pattern = text.slice(zone?.[0].length ?? 0).trim();
  const timezone = zone?.[1] ?? "UTC";
  if (!plainFields.test(pattern)) throw invalid(text);
  try {
    const cron = new Cron(pattern, { mode: "5-part", timezone, paused: true });
    // The time zone is looked at only when a time is computed.
    cron.nextRun(new Date(0));
    return { next: (time) => cron.nextRun(new Date(time))?.getTime() };
  } catch {
    throw invalid(text);
  }
}

function invalid(text: string): Error {
  return badRequest(`invalid cron expression "${text}"`);
}
