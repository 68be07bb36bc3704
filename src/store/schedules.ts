/** Schedules of one project: one method per script, nothing decided here. */
import * as z from "zod";
import { type ScheduleRecord, scheduleRecord } from "../domain/schedule.ts";
import { type ArmedTick, decode, type Said } from "./codec.ts";
import { keysOf } from "./keys.ts";
import { SCHEDULE_SCRIPTS } from "./schedule-scripts.ts";
import type { Script } from "./script.ts";
import type { Transport } from "./transport.ts";

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

export interface ScheduleStoreOptions {
  readonly transport: Transport;
  readonly project: string;
  /** Tests move time with this; in production Redis' own clock decides. Milliseconds. */
  readonly now?: () => number;
  /** Called with each tick that a call armed. */
  readonly onTick?: (tick: ArmedTick) => void;
  /** Called when there is something to tell to webhooks. */
  readonly onOutbox?: () => void;
}

export function createScheduleStore(options: ScheduleStoreOptions): ScheduleStore {
  const { transport, project, now, onTick, onOutbox } = options;
  const keys = keysOf(project);
  async function said<T extends z.ZodType>(
    script: Script,
    {
      reply,
      request,
      operation,
      texts = [],
    }: {
      readonly reply: T;
      readonly request: unknown;
      readonly operation?: string;
      readonly texts?: readonly string[];
    },
  ): Promise<Said<z.infer<T>>> {
    const callKeys = operation === undefined ? [] : [keys.operation(operation)];
    const args = [String(now?.() ?? 0), JSON.stringify(request), ...texts];
    const decoded = decode(reply, await transport.run(script, script.keys(keys, callKeys), args));
    if (decoded.tick) onTick?.(decoded.tick);
    if (decoded.outbox) onOutbox?.();
    return decoded.reply;
  }
  async function ask<T extends z.ZodType>(script: Script, reply: T, request: unknown) {
    const answer = await said(script, { reply, request });
    if ("refused" in answer) throw new Error(`unexpected refusal: ${answer.refused.refused}`);
    return answer.said;
  }
  return {
    make: (operation, { workflow, ...request }) =>
      said(SCHEDULE_SCRIPTS.make, { reply: madeReply, request, operation, texts: [workflow] }),
    list: () => ask(SCHEDULE_SCRIPTS.read, readReply, {}),
    read: (schedule_id) => ask(SCHEDULE_SCRIPTS.read, readReply, { schedule_id }),
    begin: (request) => ask(SCHEDULE_SCRIPTS.begin, beginReply, request),
    advance: async (request) =>
      (await ask(SCHEDULE_SCRIPTS.advance, advancedReply, request)).advanced,
    remove: (operation, schedule_id) =>
      said(SCHEDULE_SCRIPTS.remove, {
        reply: removedReply,
        request: { schedule_id },
        operation,
      }),
  };
}
