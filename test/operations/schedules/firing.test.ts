/** Schedules: each time of the calendar makes one run, however often it is told and wherever it breaks off. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/domain/limits.ts";
import { deleteSchedule } from "../../../src/operations/schedules/delete-schedule.ts";
import { fireSchedule, fireSchedules } from "../../../src/operations/schedules/fire-schedules.ts";
import { listSchedules } from "../../../src/operations/schedules/list-schedules.ts";
import type { Services } from "../../../src/operations/services.ts";
import { tick } from "../../../src/operations/tick.ts";
import { factsOf } from "../../support/dump.ts";
import { hourly } from "../../support/hourly.ts";
import { type Project, useProjects } from "../../support/project.ts";

const newProject = useProjects();

const HOUR = 3_600;

function servicesOf({ store, schedules }: Project): Services {
  return { store, schedules, random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)) };
}

/** How much of what calls found due was done. */
const done = new WeakMap<Project, number>();

/** Looks at the clock, and fires what that or an earlier call found due, as the Worker does after each reply. */
async function look(project: Project): Promise<void> {
  await tick(project.store);
  const ids = project.due.slice(done.get(project) ?? 0);
  done.set(project, project.due.length);
  await fireSchedules({ services: servicesOf(project), project: project.name }, ids);
}

const fire = (project: Project, services: Partial<Services> = {}) =>
  fireSchedule({ services: { ...servicesOf(project), ...services }, project: project.name }, "s1");

async function runs(project: Project): Promise<string[]> {
  const facts = factsOf(await project.dump());
  return facts.filter(({ type }) => type === "run.created").map(({ run_id }) => String(run_id));
}

async function scheduleOf(project: Project) {
  const { schedules } = await project.ok(listSchedules, {});
  return schedules[0];
}

async function finish(project: Project): Promise<void> {
  for (const agent of ["ada", "ada"]) await project.complete((await project.claim(agent)).lease);
}

test("a schedule makes no run before its time, and then one for each time", async () => {
  const project = newProject();
  expect(await hourly(project)).toEqual({
    schedule_id: "s1",
    next_seconds: HOUR,
    name: "Report",
    tasks: 2,
    cron: { schedule: "0 * * * *" },
  });
  project.advance(HOUR - 1);
  await look(project);
  expect(await runs(project)).toEqual([]);
  project.advance(1);
  await look(project);
  expect(await runs(project)).toEqual(["r1"]);
  expect(await project.run("r1")).toMatchObject({ name: "Report", schedule: "s1", tasks: 2 });
  await finish(project);
  await look(project);
  project.advance(HOUR);
  await look(project);
  expect(await runs(project)).toEqual(["r1", "r2"]);
  expect(await scheduleOf(project)).toMatchObject({ next_seconds: HOUR, last_run: "r2" });
  expect(await project.audit()).toEqual([]);
});

test("its tick is armed, so that it fires though nobody calls", async () => {
  const project = newProject();
  await hourly(project);
  expect(project.ticks.map(({ wait_ms }) => wait_ms / 1000)).toEqual([HOUR]);
  project.advance(HOUR);
  await tick(project.store, { generation: 1 });
  expect(project.due).toEqual(["s1"]);
  await fire(project);
  expect(await runs(project)).toEqual(["r1"]);
  const armed = Number((await project.dump()).hashes["control"]?.["armed"]);
  expect(armed).toBeGreaterThan(project.now());
  expect(armed).toBeLessThanOrEqual(project.now() + HOUR * 1000);
});

test("any call finds it due, once; whoever does nothing about it is not the last to be told", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(HOUR);
  await project.poll("ada");
  await project.poll("ada");
  expect(project.due).toEqual(["s1"]);
  project.advance(LIMITS.cron_again_ms / 1000);
  await project.poll("ada");
  expect(project.due).toEqual(["s1", "s1"]);
});

test("told ten times at once, it fires once", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(HOUR);
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => fire(project)));
  expect(outcomes).toContain("fired");
  expect(await runs(project)).toEqual(["r1"]);
  expect(await project.audit()).toEqual([]);
});

test("of times that were missed the last is made up for, and no other", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(5.5 * HOUR);
  await look(project);
  expect(await runs(project)).toEqual(["r1"]);
  expect(await scheduleOf(project)).toMatchObject({
    last_seconds_ago: HOUR / 2,
    next_seconds: HOUR / 2,
  });
});

describe("breaking off", () => {
  class Death extends Error {}
  const dies = () => Promise.reject(new Death());

  test.each([
    ["before its run is created", { store: "create" }],
    ["after its run was created", { schedules: "advance" }],
  ] as const)("%s, even past the next time, makes no second run for that time", async (_, at) => {
    const project = newProject();
    await hourly(project, { on_overlap: "skip" });
    project.advance(HOUR);
    const broken = {
      ...("store" in at && { store: { ...project.store, create: dies } }),
      ...("schedules" in at && { schedules: { ...project.schedules, advance: dies } }),
    };
    await expect(fire(project, broken)).rejects.toThrow(Death);
    project.advance(HOUR + 60);
    await look(project);
    expect(await runs(project)).toEqual(["r1"]);
    // The time that passed meanwhile falls under the overlap: its run still goes on.
    expect(await scheduleOf(project)).toMatchObject({ last_run: "r1", next_seconds: HOUR - 60 });
    project.advance(HOUR);
    await look(project);
    expect(await runs(project)).toEqual(["r1"]);
    expect(await scheduleOf(project)).toMatchObject({ skipped: 1 });
    expect(await project.audit()).toEqual([]);
  });

  test("after its run was created and its reply was lost makes no second run", async () => {
    const project = newProject();
    await hourly(project);
    project.advance(HOUR);
    const create: Project["store"]["create"] = async (creation) => {
      await project.store.create(creation);
      throw new Death();
    };
    await expect(fire(project, { store: { ...project.store, create } })).rejects.toThrow(Death);
    expect(await fire(project)).toBe("fired");
    expect(await runs(project)).toEqual(["r1"]);
    expect(await fire(project)).toBe("early");
  });
});

describe("while the run before goes on", () => {
  test("a time is skipped, and that is told", async () => {
    const project = newProject();
    await hourly(project);
    for (const _ of [1, 2, 3]) {
      project.advance(HOUR);
      await look(project);
    }
    expect(await runs(project)).toEqual(["r1"]);
    expect(await scheduleOf(project)).toMatchObject({ skipped: 2, next_seconds: HOUR });
    const told = factsOf(await project.dump()).filter(({ type }) => type === "schedule.skipped");
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ schedule_id: "s1", run_id: "r1" });
    await finish(project);
    project.advance(HOUR);
    await look(project);
    expect(await runs(project)).toEqual(["r1", "r2"]);
  });

  test("with queue one run waits for its end, however many times pass", async () => {
    const project = newProject();
    await hourly(project, { on_overlap: "queue" });
    for (const _ of [1, 2, 3]) {
      project.advance(HOUR);
      await look(project);
    }
    expect(await runs(project)).toEqual(["r1"]);
    expect(await scheduleOf(project)).toMatchObject({ waits_for: "r1" });
    expect(await project.audit()).toEqual([]);
    await finish(project);
    await look(project);
    expect(await runs(project)).toEqual(["r1", "r2"]);
    await finish(project);
    await look(project);
    expect(await runs(project)).toEqual(["r1", "r2"]);
    expect(await scheduleOf(project)).toMatchObject({ next_seconds: HOUR });
    expect(await project.audit()).toEqual([]);
  });
});

test("a run that can no longer be made is told, and the schedule goes on", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(HOUR);
  const create: Project["store"]["create"] = async () => ({
    refused: { refused: "limit", what: "lanes", limit: 200 },
  });
  expect(await fire(project, { store: { ...project.store, create } })).toBe("failed");
  expect(await scheduleOf(project)).toMatchObject({
    error: expect.stringContaining("at most 200"),
    next_seconds: HOUR,
  });
  expect(factsOf(await project.dump()).map(({ type }) => type)).toContain("schedule.failed");
  project.advance(HOUR);
  await look(project);
  expect(await runs(project)).toEqual(["r1"]);
  expect(await scheduleOf(project)).not.toHaveProperty("error");
});

test("what is deleted makes no more runs, and leaves nothing behind", async () => {
  const project = newProject();
  const before = (await project.dump()).hashes;
  await hourly(project);
  expect(await project.ok(deleteSchedule, { schedule_id: "s1" })).toEqual({
    schedule_id: "s1",
    deleted: true,
  });
  project.advance(HOUR);
  await look(project);
  expect(project.due).toEqual([]);
  const { hashes, sets } = await project.dump();
  expect(hashes["schedules"]).toEqual({ seq: "1" });
  expect(sets["line"]).toBeUndefined();
  expect(before["schedules"]).toBeUndefined();
  expect(await project.refusal(deleteSchedule, { schedule_id: "s1" })).toMatchObject({
    reason: "not_found",
  });
});

test("deleting one with a call that arms a tick is no fault", async () => {
  const project = newProject();
  await hourly(project);
  await project.redis.call(["HSET", `baton:{${project.name}}:control`, "armed", "0"]);
  await project.ok(deleteSchedule, { schedule_id: "s1" });
  expect(project.ticks).toHaveLength(2);
});

test("a schedule that was deleted between being found due and being fired makes none", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(HOUR);
  await tick(project.store);
  await project.ok(deleteSchedule, { schedule_id: "s1" });
  expect(await fire(project)).toBe("gone");
  expect(await project.audit()).toEqual([]);
});

test("one that is deleted while its run goes on is looked at once when that ends, and then no more", async () => {
  const project = newProject();
  await hourly(project);
  project.advance(HOUR);
  await look(project);
  await project.ok(deleteSchedule, { schedule_id: "s1" });
  await finish(project);
  expect(await project.audit()).toEqual([]);
  await look(project);
  expect((await project.dump()).sets["line"]?.map(([member]) => member)).not.toContain("cron:s1");
  expect(await runs(project)).toEqual(["r1"]);
});
