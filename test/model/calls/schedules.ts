/** The model of schedules: workflows that are made again and again, by the calendar. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type ScheduleRecord } from "../../../src/domain/schedule.ts";
import { type DueTime, type FiredTime, type NewSchedule } from "../../../src/store/schedules.ts";
import { refused, type Reply, said } from "../reply.ts";
import { type World } from "../world.ts";

export type ScheduleCall =
  | {
      readonly op: "makeSchedule";
      readonly args: { readonly operation_id: string; readonly made: NewSchedule };
    }
  /** All of them where no one is named. */
  | { readonly op: "readSchedule"; readonly args: string | null }
  | { readonly op: "beginTime"; readonly args: DueTime }
  | { readonly op: "advance"; readonly args: FiredTime }
  | {
      readonly op: "removeSchedule";
      readonly args: { readonly operation_id: string; readonly schedule_id: string };
    };

export function imagineSchedule(world: World, call: ScheduleCall): Reply {
  switch (call.op) {
    case "makeSchedule":
      return make(world, call.args);
    case "readSchedule":
      return call.args === null ? list(world) : read(world, call.args);
    case "beginTime":
      return begin(world, call.args);
    case "advance":
      return advance(world, call.args);
    case "removeSchedule":
      return remove(world, call.args);
  }
}

function make(
  world: World,
  { operation_id, made }: { readonly operation_id: string; readonly made: NewSchedule },
): Reply {
  const { schedule: asked, workflow, idempotency_key, fingerprint = "" } = made;
  const same = idempotency_key === undefined ? undefined : world.idempotency.get(idempotency_key);
  if (same && same.fingerprint !== fingerprint) return refused({ refused: "idempotency_conflict" });
  const before = same ?? world.operations.get(operation_id);
  if (before) return said(before.reply);
  if (world.schedules.size >= LIMITS.schedules) {
    return refused({ refused: "limit", limit: LIMITS.schedules, what: "schedules" });
  }
  world.scheduleSeq += 1;
  const schedule: ScheduleRecord = {
    ...asked,
    schedule_id: `s${world.scheduleSeq}`,
    created_at: world.now,
    ...(idempotency_key !== undefined && { idempotency_key }),
  };
  const reply = structuredClone({ now: world.now, schedule });
  world.operations.set(operation_id, { fingerprint: "", reply });
  if (idempotency_key !== undefined) {
    world.idempotency.set(idempotency_key, { fingerprint, reply });
  }
  world.schedules.set(schedule.schedule_id, { record: schedule, workflow });
  stand(world, schedule);
  return said(reply);
}

function list({ now, schedules }: World): Reply {
  return said({ now, schedules: [...schedules.values()].map(({ record }) => record) });
}

/** Its timer is put where it belongs, unless it is due. */
function read(world: World, schedule_id: string): Reply {
  const { now } = world;
  const schedule = world.schedules.get(schedule_id);
  if (!schedule) {
    world.cronTimers.delete(schedule_id);
    return said({ now, schedules: [] });
  }
  const { record, workflow } = schedule;
  if (record.next_at === undefined || record.next_at > now) stand(world, record);
  return said({ now, schedules: [record], workflow: JSON.parse(workflow) as unknown });
}

function begin(world: World, { schedule_id, next_at, at, following }: DueTime): Reply {
  const schedule = world.schedules.get(schedule_id)?.record;
  if (!schedule) return said({ outcome: "over" });
  if (schedule.firing !== undefined) return said({ outcome: "go", at: schedule.firing });
  if (schedule.next_at !== next_at) return said({ outcome: "over" });
  const outcome = outcomeOf(world, schedule);
  if (outcome === "go") {
    schedule.firing = at;
    delete schedule.waiting;
  } else if (outcome === "waits") schedule.waiting = true;
  else {
    setNext(schedule, following);
    schedule.skipped = (schedule.skipped ?? 0) + 1;
    world.facts.push(`schedule.skipped ${schedule_id}`);
  }
  stand(world, schedule);
  return said(outcome === "go" ? { outcome, at } : { outcome });
}

function outcomeOf(
  { runs }: World,
  { last_run, cron }: ScheduleRecord,
): "go" | "waits" | "skipped" {
  const goesOn = last_run !== undefined && runs.get(last_run)?.status === "active";
  if (!goesOn) return "go";
  return cron.on_overlap === "queue" ? "waits" : "skipped";
}

function advance(world: World, { schedule_id, at, following, run_id, error }: FiredTime): Reply {
  const schedule = world.schedules.get(schedule_id)?.record;
  if (schedule?.firing !== at) return said(false);
  delete schedule.firing;
  delete schedule.error;
  schedule.last_at = at;
  if (run_id !== undefined) schedule.last_run = run_id;
  setNext(schedule, following);
  if (error !== undefined) {
    schedule.error = error;
    world.facts.push(`schedule.failed ${schedule_id}`);
  }
  stand(world, schedule);
  return said(true);
}

function remove(
  world: World,
  { operation_id, schedule_id }: { operation_id: string; schedule_id: string },
): Reply {
  const schedule = world.schedules.get(schedule_id)?.record;
  if (!schedule) {
    const before = world.operations.get(operation_id);
    return before ? said(before.reply) : refused({ refused: "not_found", ids: [schedule_id] });
  }
  const reply = { removed: true };
  world.operations.set(operation_id, { fingerprint: "", reply });
  if (schedule.idempotency_key !== undefined) world.idempotency.delete(schedule.idempotency_key);
  world.schedules.delete(schedule_id);
  world.cronTimers.delete(schedule_id);
  return said(reply);
}

function setNext(schedule: ScheduleRecord, following: number | undefined): void {
  if (following === undefined) delete schedule.next_at;
  else schedule.next_at = following;
}

function stand(world: World, { schedule_id, firing, waiting, next_at }: ScheduleRecord): void {
  const at =
    firing !== undefined
      ? world.now + LIMITS.cron_again_ms
      : waiting
        ? world.now + LIMITS.cron_waits_ms
        : next_at;
  if (at === undefined) world.cronTimers.delete(schedule_id);
  else world.cronTimers.set(schedule_id, at);
}
