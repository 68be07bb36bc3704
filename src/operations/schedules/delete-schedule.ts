/** Deletes a schedule: it makes no more runs. Those that it made stay. */
import * as z from "zod";
import { isScheduleId } from "../../domain/ids.ts";
import { ok } from "../../domain/refusal.ts";
import { ORCHESTRATORS } from "../../domain/role.ts";
import { notFound } from "../not-found.ts";
import { defineOperation } from "../operation.ts";

export const deleteSchedule = defineOperation({
  name: "delete_schedule",
  roles: ORCHESTRATORS,
  input: z.strictObject({ schedule_id: z.string().trim().min(1).max(16) }),
  output: z.looseObject({ schedule_id: z.string(), deleted: z.boolean() }),
  run: async ({ services, operation_id }, { schedule_id }) => {
    if (!isScheduleId(schedule_id)) return notFound("schedule", schedule_id);
    const reply = await services.schedules.remove(operation_id, schedule_id);
    return "refused" in reply
      ? notFound("schedule", schedule_id)
      : ok({ schedule_id, deleted: true });
  },
});
