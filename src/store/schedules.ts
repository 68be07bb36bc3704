/** Schedules of one project: one method per script, nothing decided here. */
import * as z from "zod";
import { type ScheduleRecord, scheduleRecord } from "../domain/schedule.ts";
import type { Said } from "./codec.ts";
import { runnerOf, type RunnerOptions } from "./runner.ts";
import { SCHEDULE_SCRIPTS } from "./schedule-scripts.ts";

const madeReply = z.strictObject({ now: z.int(), schedule: scheduleRecord });

const readReply = z.strictObject({
  now: z.int(),
  schedules: z.array(scheduleRecord),
  workflow: z.json().optional(),
});

const beginReply = z.discriminatedUnion("outcome", [
  /** Its run is to be made. */
  z.strictObject({ outcome: z.literal("go"), at: z.int() }),
  /** `over`: somebody else has dealt with that time. */
  z.strictObject({ outcome: z.enum(["over", "waits", "skipped"]) }),
]);

const removedReply = z.strictObject({ removed: z.literal(true) });

const advancedReply = z.strictObject({ advanced: z.boolean() });

export interface NewSchedule {
  readonly schedule: Pick<ScheduleRecord, "name" | "cron" | "tasks" | "created_by"> & {
    readonly next_at: number;
  };
  /** JSON text of what `create_workflow` takes each time. */
  readonly workflow: string;
  readonly idempotency_key?: string;
  readonly fingerprint?: string;
}

/** A time that has come, of a schedule that says it is due since `next_at`. */
export interface DueTime {
  readonly schedule_id: string;
  readonly next_at: number;
  readonly at: number;
  /** The next one after it; absent where there is none. */
  readonly following?: number;
}

export interface FiredTime extends Omit<DueTime, "next_at"> {
  readonly run_id?: string;
  /** Why it made no run. */
  readonly error?: string;
}

export interface ScheduleStore {
  make(operation_id: string, made: NewSchedule): Promise<Said<z.infer<typeof madeReply>>>;
  list(): Promise<z.infer<typeof readReply>>;
  /** One schedule with its workflow, if it is there; puts its timer where it belongs. */
  read(schedule_id: string): Promise<z.infer<typeof readReply>>;
  begin(due: DueTime): Promise<z.infer<typeof beginReply>>;
  /** False where that time was dealt with already. */
  advance(fired: FiredTime): Promise<boolean>;
  remove(operation_id: string, schedule_id: string): Promise<Said<unknown>>;
}

export function createScheduleStore(options: RunnerOptions): ScheduleStore {
  const { keys, run, said } = runnerOf(options);
  const { make, read, begin, advance, remove } = SCHEDULE_SCRIPTS;
  return {
    make: (operation_id, { workflow, ...request }) =>
      run({
        script: make,
        reply: madeReply,
        request,
        keys: [keys.operation(operation_id)],
        texts: [workflow],
      }),
    list: () => said({ script: read, reply: readReply, request: {} }),
    read: (schedule_id) => said({ script: read, reply: readReply, request: { schedule_id } }),
    begin: (request) => said({ script: begin, reply: beginReply, request }),
    advance: async (request) =>
      (await said({ script: advance, reply: advancedReply, request })).advanced,
    remove: (operation_id, schedule_id) =>
      run({
        script: remove,
        reply: removedReply,
        request: { schedule_id },
        keys: [keys.operation(operation_id)],
      }),
  };
}
