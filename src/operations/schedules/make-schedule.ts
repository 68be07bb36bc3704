/** Keeps a workflow for the calendar instead of running it now: what `create_workflow` does with `options.cron`. */
import { readCron } from "../../domain/cron.ts";
import { parseTaskId } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { readCronOption } from "../../domain/schedule.ts";
import { checkCreation, type CreateInput } from "../create-tasks.ts";
import type { Call } from "../operation.ts";
import { fingerprint } from "../random-name.ts";
import { showSchedule, type ShownSchedule } from "./show-schedule.ts";
import { keyUsedOtherwise } from "../key-used-otherwise.ts";

export interface ScheduleInput {
  /** As `options.cron` says. */
  readonly cron: unknown;
  /** What `create_workflow` takes each time. */
  readonly workflow: { readonly name: string; readonly tasks: readonly unknown[] };
  /** The same as its tasks are created now, to find today what would be refused each time. */
  readonly creation: CreateInput;
  readonly idempotency_key?: string | undefined;
}

export async function makeSchedule(
  { services, caller, operation_id }: Call,
  { cron, workflow, creation, idempotency_key }: ScheduleInput,
): Promise<Result<ShownSchedule>> {
  if (caller.role === "worker" || creation.lease !== undefined) {
    return refuse(
      "role",
      "A schedule needs an orchestrator key, and no lease: it belongs to no task.",
    );
  }
  const option = readCronOption(cron);
  if (!option.ok) return option;
  const fixed = onceOnly(creation);
  if (fixed !== undefined) return refuse("invalid", `Nothing was created: ${fixed}.`);
  const checked = checkCreation(creation);
  if (!checked.ok) return checked;
  const times = readCron(option.value.schedule, option.value.time_zone ?? "UTC");
  const { now } = await services.schedules.list();
  const next_at = "fault" in times ? undefined : times.after(now);
  if (next_at === undefined) {
    return refuse("invalid", `options.cron: "${option.value.schedule}" never comes again.`);
  }
  const { name, tasks } = workflow;
  const { key_id: created_by } = caller;
  const reply = await services.schedules.make(operation_id, {
    schedule: { name, cron: option.value, tasks: tasks.length, created_by, next_at },
    workflow: JSON.stringify(workflow),
    ...(idempotency_key !== undefined && {
      idempotency_key: `create_schedule:${idempotency_key}`,
      fingerprint: await fingerprint({ workflow, cron: option.value }),
    }),
  });
  if ("said" in reply) return ok(showSchedule(reply.said.schedule, reply.said.now));
  return reply.refused.refused === "limit"
    ? refuse(
        "limit",
        `Nothing was created: a project has at most ${LIMITS.schedules} schedules; delete one.`,
      )
    : keyUsedOtherwise();
}

/** What fits a single run and no later one. */
function onceOnly({ tasks }: CreateInput): string | undefined {
  for (const { key, dependencies = [], options = {} } of tasks) {
    const task = dependencies.find(
      (name) => parseTaskId(name) && !tasks.some((one) => one.key === name),
    );
    if (task !== undefined) return `${key} depends on ${task}, which a later run cannot wait for`;
    for (const name of ["start_at", "deadline"]) {
      if (options[name])
        return `${key}.options.${name} is a single moment; leave it out of a schedule`;
    }
  }
  return undefined;
}
