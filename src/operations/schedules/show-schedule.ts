/** A schedule as callers see it: times in seconds from now. */
import type { ScheduleRecord } from "../../domain/schedule.ts";

export interface ShownSchedule {
  readonly [field: string]: unknown;
  readonly schedule_id: string;
}

export function showSchedule(schedule: ScheduleRecord, now: number): ShownSchedule {
  const { schedule_id, name, cron, tasks, next_at, waiting, last_at, last_run, skipped, error } =
    schedule;
  const seconds = (from: number, to: number) => Math.max(0, Math.ceil((to - from) / 1000));
  return {
    schedule_id,
    ...(next_at !== undefined && { next_seconds: seconds(now, next_at) }),
    name,
    tasks,
    cron,
    ...(waiting && { waits_for: last_run }),
    ...(last_at !== undefined && { last_seconds_ago: seconds(last_at, now) }),
    ...(last_run && { last_run }),
    ...(skipped && { skipped }),
    ...(error && { error }),
  };
}
