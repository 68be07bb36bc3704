/** Turns what a Worker does about a schedule into its calls: one for each step, each of which may be its last. */
import { readCron } from "../../src/domain/cron.ts";
import { dueTime, type ScheduleRecord } from "../../src/domain/schedule.ts";
import { type Call } from "./call.ts";
import { type Command, type TaskSpec } from "./commands.ts";
import { type Reply } from "./reply.ts";
import { creation } from "./resolve-create.ts";
import { type Firing, type History, name, nth, type Scene } from "./scene.ts";

const CRON = ["*/7 * * * *", "0 * * * *", "0 0 * * *"];

export function makeSchedule(scene: Scene, command: Command & { do: "schedule" }): Call {
  const { cron, on_overlap, tasks, key } = command;
  const schedule = CRON[cron] ?? "";
  const times = readCron(schedule, "UTC");
  const next_at = "fault" in times ? undefined : times.after(scene.world.now);
  if (next_at === undefined) throw new Error(`${schedule} never comes`);
  return {
    op: "makeSchedule",
    args: {
      operation_id: name(scene, "op"),
      made: {
        schedule: {
          name: "by the calendar",
          cron: { schedule, ...(on_overlap && { on_overlap }) },
          tasks: tasks.length,
          created_by: "key-0",
          next_at,
        },
        workflow: JSON.stringify(tasks),
        ...(key !== undefined && {
          idempotency_key: `schedule${key}`,
          fingerprint: JSON.stringify(command).replaceAll(/\W/g, ""),
        }),
      },
    },
  };
}

export function removeSchedule(scene: Scene, { pick }: { readonly pick: number }): Call {
  const args = { operation_id: name(scene, "op"), schedule_id: scheduleAt(scene, pick) };
  return { op: "removeSchedule", args };
}

function scheduleAt({ world }: Scene, pick: number): string {
  return nth([...world.schedules.keys()], pick) ?? "s1";
}

/** The next step of a firing that has begun, or the first of a further one. */
export function fire(scene: Scene, { pick, anew, last }: Command & { do: "fire" }): Call {
  const { firings } = scene.history;
  const going = anew ? undefined : nth(firings, pick);
  if (going) return nextStep(scene, going);
  return beginFiring(scene, scheduleAt(scene, pick), last);
}

export function beginFiring(scene: Scene, schedule_id: string, last = false): Call {
  const firing: Firing = { schedule_id, last };
  scene.history.firings.push(firing);
  return nextStep(scene, firing);
}

export function nextStep(scene: Scene, firing: Firing): Call {
  const call = stepOf(scene, firing);
  firing.call = call;
  return call;
}

function stepOf(scene: Scene, firing: Firing): Call {
  const { schedule_id, due, at, made } = firing;
  if (!due) return { op: "readSchedule", args: schedule_id };
  if (at === undefined) return { op: "beginTime", args: { schedule_id, ...due } };
  if (!made) return runOfTime(scene, { ...firing, at });
  const { following } = due;
  const args = { schedule_id, at, ...made, ...(following !== undefined && { following }) };
  return { op: "advance", args };
}

function runOfTime(
  scene: Scene,
  { schedule_id, at, tasks = [] }: Firing & { readonly at: number },
): Call {
  const { args } = creation(scene, { do: "create", tasks, shape: "chain" });
  return {
    op: "create",
    args: {
      ...args,
      name: "by the calendar",
      schedule: schedule_id,
      idempotency_key: `create_scheduled:${schedule_id}:${at}`,
      fingerprint: schedule_id,
    },
  };
}

/** What the Worker learns from the reply: whether it goes on, and with what. */
export function learn(history: History, { call, reply }: { call: Call; reply: Reply }): void {
  const firing = history.firings.find((one) => one.call === call);
  if (!firing) return;
  delete firing.call;
  if (!isGoingOn(firing, { call, reply })) {
    history.firings.splice(history.firings.indexOf(firing), 1);
  }
}

function isGoingOn(firing: Firing, { call, reply }: { call: Call; reply: Reply }): boolean {
  const said = "said" in reply ? reply.said : undefined;
  switch (call.op) {
    case "readSchedule":
      return isDue(firing, said as { now: number; schedules: ScheduleRecord[]; workflow: unknown });
    case "beginTime": {
      const { outcome, at } = said as { outcome: string; at?: number };
      if (at !== undefined) firing.at = at;
      return outcome === "go";
    }
    case "create": {
      const { run_id } = (said ?? {}) as { run_id?: string };
      firing.made = run_id === undefined ? { error: "refused" } : { run_id };
      return true;
    }
    default:
      return false;
  }
}

function isDue(
  firing: Firing,
  { now, schedules, workflow }: { now: number; schedules: ScheduleRecord[]; workflow: unknown },
): boolean {
  const [schedule] = schedules;
  const due = schedule && dueTime(schedule, now);
  if (!due) return false;
  const { following, ...time } = due;
  firing.due = { ...time, ...(following !== undefined && !firing.last && { following }) };
  firing.tasks = workflow as TaskSpec[];
  return true;
}
