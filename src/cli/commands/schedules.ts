/** `npx baton schedules`: the workflows that run by the calendar, and the way to stop one. */
import * as z from "zod";
import { cronOption } from "../../domain/schedule.ts";
import { createApi } from "../api.ts";
import { defineCommand, EXIT, misused, say } from "../command.ts";
import { CONNECTION_FLAGS, findConnection } from "../connection.ts";
import { clean, duration } from "../text.ts";

const FLAGS = {
  delete: { value: "ID", help: "stop this schedule, such as s1 (an orchestrator's key)" },
  ...CONNECTION_FLAGS,
} as const;

const ABOUT = `Lists the workflows that run by the calendar: what each is called, when, when next, and its last run. With --delete it
makes no more runs; those that it made stay, and one that goes on is stopped by cancelling it. Any key lists.`;

export const schedules = defineCommand({
  name: "schedules",
  takes: [],
  summary: "list what runs by the calendar, or stop it",
  about: ABOUT,
  flags: FLAGS,
  run: async (_, values) => {
    const connection = await findConnection({
      flags: values,
      env: process.env,
      anyKey: values.delete === undefined,
    });
    if (!connection.ok) return misused(connection.refusal.message);
    const api = createApi(connection.value);
    const { delete: id } = values;
    const reply =
      id === undefined
        ? await api.send("GET", "/v1/schedules")
        : await api.send("DELETE", `/v1/schedules/${encodeURIComponent(id)}`);
    if (!reply.ok) return misused(reply.refusal.message);
    const lines = id === undefined ? listed(reply.value) : [`${id} makes no more runs.`];
    for (const line of lines) say(line);
    return EXIT.done;
  },
});

const list = z.object({
  schedules: z.array(
    z.object({
      schedule_id: z.string(),
      name: z.string(),
      cron: cronOption,
      next_seconds: z.number().optional(),
      waits_for: z.string().optional(),
      last_run: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
});

type Listed = z.infer<typeof list>["schedules"][number];

function listed(reply: unknown): string[] {
  const { schedules: all } = list.parse(reply);
  return all.length > 0 ? all.map(lineOf) : ["Nothing runs by the calendar."];
}

function lineOf({ schedule_id, name, cron, last_run, error, ...when }: Listed): string {
  const zone = cron.time_zone === undefined ? "" : ` (${clean(cron.time_zone)})`;
  const parts = [
    `${clean(cron.schedule)}${zone}`,
    nextOf(when),
    ...(last_run ? [`last run ${last_run}`] : []),
    ...(error ? [`the last time made no run: ${clean(error)}`] : []),
  ];
  return `${schedule_id} ${clean(name)}: ${parts.join("; ")}`;
}

function nextOf({ waits_for, next_seconds }: Pick<Listed, "waits_for" | "next_seconds">): string {
  if (waits_for !== undefined) return `due, waits for the end of ${waits_for}`;
  return next_seconds === undefined ? "never again" : `next in ${duration(next_seconds)}`;
}
