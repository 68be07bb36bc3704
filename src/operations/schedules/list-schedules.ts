/** Lists the schedules of a project. */
import * as z from "zod";
import { ok } from "../../domain/refusal.ts";
import { EVERYBODY } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { showSchedule } from "./show-schedule.ts";

export const listSchedules = defineOperation({
  name: "list_schedules",
  roles: EVERYBODY,
  input: z.strictObject({}),
  output: z.looseObject({ schedules: z.array(z.looseObject({ schedule_id: z.string() })) }),
  run: async ({ services }) => {
    const { now, schedules } = await services.schedules.list();
    return ok({ schedules: schedules.map((schedule) => showSchedule(schedule, now)) });
  },
});
