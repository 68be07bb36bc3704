/** A workflow by the calendar in a world where everything goes wrong: each time makes one run, and never two. */
import { scheduleRecord } from "../../../src/domain/schedule.ts";
import { taskRecord } from "../../../src/domain/task.ts";
import { type Ask, said } from "../../support/crew/people.ts";
import type { Dump } from "../../support/dump.ts";
import type { Chance } from "../../support/seeded.ts";

const MINUTE_MS = 60_000;

/** Each minute, a task for workers that there are. */
export async function makeSchedule(
  ask: Ask,
  { agent_type, chance }: { readonly agent_type: string; readonly chance: Chance },
): Promise<void> {
  const cron = { schedule: "* * * * *", on_overlap: chance.oneOf(["skip", "queue"]) };
  const tasks = [{ key: "a", agent_type, task_description: "By the calendar" }];
  await said(ask, "create_workflow", { name: "By the calendar", tasks, options: { cron } });
}

/** What is wrong with the runs that it made; to be called before it is deleted, with nothing going wrong any more. */
export function checkSchedule(dump: Dump): string[] {
  const faults: string[] = [];
  const made = new Map<string, string>();
  for (const fields of Object.values(dump.hashes)) {
    for (const [name, text] of Object.entries(fields)) {
      if (!/^r\d+t1$/.test(name)) continue;
      const { task_id, idempotency_key = "" } = taskRecord.parse(JSON.parse(text));
      const time = /^create_scheduled:s1:(\d+)$/.exec(idempotency_key)?.[1];
      if (time === undefined) continue;
      if (Number(time) % MINUTE_MS !== 0) faults.push(`${task_id} was made for the time ${time}`);
      const twin = made.get(time);
      if (twin) faults.push(`doubled: ${twin} and ${task_id} were both made for the time ${time}`);
      made.set(time, task_id);
    }
  }
  const { last_at, last_run } = scheduleRecord.parse(
    JSON.parse(dump.hashes["schedules"]?.["s1"] ?? ""),
  );
  if (made.size === 0) faults.push("lost: the schedule never made a run");
  else if (made.get(String(last_at)) !== `${last_run}t1`) {
    faults.push(`untrue: the schedule says that it made ${last_run} for ${last_at}`);
  }
  return faults;
}
