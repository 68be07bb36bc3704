/** The line: every task stands where its record says, and nothing else does. */
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import { LIMITS } from "../../../src/domain/limits.ts";
import { LANE_WIDTH, PARKED_LANES, TIMER_OFFSET } from "../../../src/domain/order.ts";
import { scheduleRecord } from "../../../src/domain/schedule.ts";
import type { TaskRecord } from "../../../src/domain/task.ts";
import { type Books, memberOf } from "./books.ts";
import { lookPlaces } from "./locks.ts";

export function checkLine({ tasks, dump, line, fault }: Books): void {
  const expected = lookPlaces({ dump });
  for (const task of tasks.values()) {
    if (isTerminal(task.status)) checkEnded(task, { line, fault });
    else expected.set(memberOf(task.task_id), placeOf(task));
    for (const [member, at] of timersOf(task)) expected.set(member, at - TIMER_OFFSET);
  }
  for (const [name, entry] of Object.entries(dump.hashes["state"] ?? {})) {
    const expires = Number(entry.split(" ")[1]);
    if (expires > 0) expected.set(`state:${name}`, expires - TIMER_OFFSET);
  }
  const scheduled = checkSchedules({ dump, line, fault });
  for (const [member, place] of expected) {
    const score = line.get(member);
    if (Number.isNaN(place)) {
      if (score !== undefined) fault(`${member} is in the line`);
    } else if (score === undefined) fault(`${member} is missing in the line`);
    else if (score !== place) fault(`${member} stands at ${score} instead of ${place}`);
  }
  const ended = new Set(
    [...tasks.values()]
      .filter(({ status }) => isTerminal(status))
      .map(({ task_id }) => memberOf(task_id)),
  );
  for (const member of line.keys()) {
    const known = expected.has(member) || ended.has(member) || scheduled.has(member);
    const gone = /^state:(.*)$/su.exec(member)?.[1];
    const isStray = gone !== undefined && dump.hashes["state"]?.[gone] === undefined;
    if (isStray || (!known && !STANDS_BY_ITSELF.test(member))) fault(`${member} is in the line`);
  }
  const first = Math.min(...line.values());
  const due = Number(dump.hashes["control"]?.["next_due"] ?? 0);
  if (first < 0 && (due === 0 || due > first + TIMER_OFFSET)) {
    fault(`next_due is ${due}, the first timer ${first + TIMER_OFFSET}`);
  }
}

/**
 * A key that was written again without an expiry keeps its timer until that is due, and so does a breaker that closed.
 * Work on edges is checked with the edges, that on runs with the runs, that on children with these.
 */
const STANDS_BY_ITSELF = /^(state|breaker|edges|cancel|activate|staging|children):/;

/** No test goes on for so long. */
const LATEST = Date.UTC(2100, 0);

/** A schedule with a time to come has a timer; one that was found due is told again soon, so where that stands varies. */
function checkSchedules({
  dump,
  line,
  fault,
}: Pick<Books, "dump" | "line" | "fault">): ReadonlySet<string> {
  const fields = dump.hashes["schedules"] ?? {};
  const listed = JSON.parse(fields["ids"] ?? "[]") as string[];
  const there = Object.keys(fields).filter((name) => /^s\d+$/.test(name));
  if (there.toSorted().join() !== listed.toSorted().join()) {
    fault(`listed are the schedules ${listed.join()}, there are ${there.join()}`);
  }
  for (const id of there) {
    const { next_at, firing } = scheduleRecord.parse(JSON.parse(fields[id] ?? ""));
    if (fields[`${id}:workflow`] === undefined) fault(`${id} has no workflow`);
    const score = line.get(`cron:${id}`);
    if ((next_at ?? firing) !== undefined && score === undefined) fault(`${id} has no timer`);
    if (score !== undefined && score > LATEST - TIMER_OFFSET) fault(`${id} is never looked at`);
  }
  for (const name of Object.keys(fields)) {
    if (name.endsWith(":workflow") && !there.includes(name.slice(0, -9))) fault(`${name} is left`);
  }
  // That of a removed one may stand there since the end of its run, and goes when it is looked at.
  const made = Number(fields["seq"] ?? 0);
  return new Set(Array.from({ length: made }, (_, index) => `cron:s${index + 1}`));
}

/** Retention may find that the run went on, and then puts its tasks further back; never nearer. */
function checkEnded(task: TaskRecord, { line, fault }: Pick<Books, "line" | "fault">): void {
  const dead = task.status === "failed" && task.discarded_at === undefined;
  const kept = dead ? LIMITS.dead_letter_kept_ms : LIMITS.run_kept_ms;
  const score = line.get(memberOf(task.task_id));
  if (score === undefined) fault(`${task.task_id} waits for no removal`);
  else if (score < (task.ended_at ?? Number.NaN) + kept || score >= LANE_WIDTH) {
    fault(`${task.task_id} is removed at ${score}, though it ended at ${task.ended_at}`);
  }
}

/** Not a number where the task has no place. */
function placeOf(task: TaskRecord): number {
  if (task.status === "ready") {
    const lane = task.lane + (task.parked === undefined ? 0 : PARKED_LANES);
    return lane * LANE_WIDTH + (task.order ?? 0);
  }
  if (task.status === "running") return (task.lease?.until_ms ?? 0) - TIMER_OFFSET;
  if (task.status === "scheduled") return (task.start_at ?? 0) - TIMER_OFFSET;
  return Number.NaN;
}

function timersOf(task: TaskRecord): [string, number][] {
  const { task_id, deadline, start_within_seconds: within, ready_at } = task;
  const timers: [string, number][] = [];
  if (deadline !== undefined && !isTerminal(task.status) && !task.staged) {
    timers.push([`deadline:${task_id}`, deadline]);
  }
  if (within !== undefined && task.status === "ready" && task.attempt === 0) {
    timers.push([`start:${task_id}`, (ready_at ?? 0) + within * 1000]);
  }
  return timers;
}
