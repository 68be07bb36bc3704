/** Makes the runs of schedules whose time has come, while nobody waits for it. */
import { dueTime, type ScheduleRecord } from "../../domain/schedule.ts";
import { recordFault } from "../../observability/fault.ts";
import { type Firing, log } from "../../observability/log.ts";
import { createScheduledRun } from "../create-workflow.ts";
import type { Call } from "../operation.ts";
import { randomName } from "../random-name.ts";
import type { Services } from "../services.ts";

export interface Place {
  readonly services: Services;
  readonly project: string;
}

/** Never rejects. What it leaves undone is told again by a later call, a tick or the watchdog. */
export async function fireSchedules(place: Place, ids: readonly string[]): Promise<void> {
  for (const schedule_id of ids) {
    try {
      const firing = await fireSchedule(place, schedule_id);
      log("schedule.due", { project: place.project, schedule_id, firing });
    } catch (error) {
      recordFault(error);
    }
  }
}

/**
 * Safe to be called any number of times, and to break off anywhere: first it is noted which time is made, then the run
 * is created under a key made of that time, then the schedule moves on.
 */
export async function fireSchedule(
  { services, project }: Place,
  schedule_id: string,
): Promise<Firing> {
  const { schedules } = services;
  const { now, schedules: found, workflow } = await schedules.read(schedule_id);
  const [schedule] = found;
  if (!schedule) return "gone";
  const due = dueTime(schedule, now);
  if (!due) return "early";
  const begun = await schedules.begin({ schedule_id, ...due });
  if (begun.outcome !== "go") return begun.outcome;
  const made = await createScheduledRun(callOf(schedule, { services, project }), {
    workflow,
    schedule_id,
    at: begun.at,
  });
  const result = made.ok ? { run_id: made.value } : { error: made.refusal.message };
  const { following } = due;
  await schedules.advance({
    schedule_id,
    at: begun.at,
    ...result,
    ...(following !== undefined && { following }),
  });
  return made.ok ? "fired" : "failed";
}

/** In the name of whoever made the schedule. */
function callOf({ created_by }: ScheduleRecord, { services, project }: Place): Call {
  return {
    services,
    caller: { project, key_id: created_by, role: "orchestrator" },
    operation_id: randomName(services.random),
    signal: new AbortController().signal,
  };
}
