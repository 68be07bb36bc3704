/** Ticks: one is armed for the next deadline, by whoever makes an earlier one, and doubles arm nothing. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Seconds from now until each tick that was armed. */
function armed(project: Project): number[] {
  return project.ticks.map(({ at }) => (at - project.now()) / 1000);
}

function startsIn(project: Project, seconds: number): Promise<string> {
  return project.task({
    options: { start_at: new Date(project.now() + seconds * 1000).toISOString() },
  });
}

describe("a tick is armed", () => {
  test("for the first deadline of all, and not for later ones", async () => {
    const project = newProject();
    await project.task();
    expect(armed(project)).toEqual([]);
    await project.claim("ada", { lease_seconds: 60 });
    await startsIn(project, 90);
    await project.ok(setSharedState, { key: "k", value: 1, ttl_seconds: 61 });
    expect(armed(project)).toEqual([60]);
    expect(project.ticks[0]?.generation).toBe(1);
  });

  test("again for a deadline that is earlier by more than a moment, under a new generation", async () => {
    const project = newProject();
    await startsIn(project, 60);
    await startsIn(project, 60 - LIMITS.tick_slack_ms / 1000);
    await startsIn(project, 20);
    expect(armed(project)).toEqual([60, 20]);
    expect(project.ticks.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test("for six days at most, since no message waits longer", async () => {
    const project = newProject();
    await startsIn(project, 30 * 86_400);
    expect(armed(project)).toEqual([LIMITS.tick_ahead_ms / 1000]);
  });

  test("by nobody for what retention will remove", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    const before = project.ticks.length;
    project.advance(3_600);
    await tick(project.store, { generation: project.ticks.at(-1)?.generation ?? 0 });
    expect(project.ticks).toHaveLength(before);
  });
});

describe("a tick that comes", () => {
  test("does what is due, and arms the next one", async () => {
    const project = newProject();
    const first = await startsIn(project, 60);
    await startsIn(project, 90);
    project.advance(60);
    await tick(project.store, { generation: 1 });
    expect((await project.record(first)).status).toBe("ready");
    expect(armed(project).slice(1)).toEqual([30]);
    expect(await project.audit()).toEqual([]);
  });

  test("arms none where nothing is left", async () => {
    const project = newProject();
    await startsIn(project, 60);
    project.advance(60);
    await tick(project.store, { generation: 1 });
    expect(project.ticks).toHaveLength(1);
    expect((await project.dump()).hashes["control"]?.["armed"]).toBe("0");
  });

  test("twice, or with an older generation, arms nothing more", async () => {
    const project = newProject();
    await startsIn(project, 60);
    await startsIn(project, 20);
    await startsIn(project, 200);
    project.advance(60);
    await tick(project.store, { generation: 2 });
    expect(project.ticks).toHaveLength(3);
    const before = await project.dump();
    for (const generation of [1, 2, 2, 1]) await tick(project.store, { generation });
    expect(project.ticks).toHaveLength(3);
    expect(await project.dump()).toEqual(before);
  });

  test("after everybody else did its work finds nothing to do", async () => {
    const project = newProject();
    await startsIn(project, 60);
    project.advance(61);
    await project.poll("ada");
    expect(await tick(project.store, { generation: 1 })).toMatchObject({ swept: 0, overdue_ms: 0 });
  });
});

describe("a tick that comes too early", () => {
  test("arms its successor for the same time, under a new generation, and doubles arm nothing", async () => {
    const project = newProject();
    await startsIn(project, 60);
    project.advance(50);
    for (let times = 0; times < 3; times++) await tick(project.store, { generation: 1 });
    expect(armed(project)).toEqual([10, 10]);
    expect(project.ticks.map(({ generation }) => generation)).toEqual([1, 2]);
    project.advance(10);
    await tick(project.store, { generation: 2 });
    expect(project.ticks).toHaveLength(2);
    expect((await project.record("r1t1")).status).toBe("ready");
  });

  test("again and again ends as the armed one, so that successors do not chase each other", async () => {
    const project = newProject();
    await startsIn(project, 60);
    for (let times = 0; times < 20; times++) {
      await tick(project.store, { generation: project.ticks.at(-1)?.generation ?? 0 });
    }
    expect(armed(project)).toEqual(Array.from({ length: 1 + LIMITS.early_ticks }, () => 60));
    project.advance(60);
    await tick(project.store, { generation: 1 + LIMITS.early_ticks });
    expect((await project.record("r1t1")).status).toBe("ready");
    expect(project.ticks).toHaveLength(1 + LIMITS.early_ticks);
    // One that came in its time makes up for those that did not.
    await startsIn(project, 60);
    await tick(project.store, { generation: project.ticks.at(-1)?.generation ?? 0 });
    expect(project.ticks).toHaveLength(3 + LIMITS.early_ticks);
  });

  test("by less than a second counts as one that came in its time", async () => {
    const project = newProject();
    await startsIn(project, 60);
    project.advance(60 - LIMITS.tick_early_ms / 1000);
    await tick(project.store, { generation: 1 });
    expect(armed(project)[1]).toBe(LIMITS.tick_slack_ms / 1000);
  });
});

test("a tick says how long to wait, since clocks differ", async () => {
  const project = newProject();
  await startsIn(project, 60);
  project.advance(20);
  await startsIn(project, 20);
  expect(project.ticks.map(({ wait_ms }) => wait_ms)).toEqual([60_000, 20_000]);
  // What was never sent is sent again, now that less time is left.
  project.advance(15);
  await tick(project.store, { resend: true });
  expect(project.ticks.at(-1)).toMatchObject({ wait_ms: 5_000, generation: 2 });
});

test("a tick that was lost is armed again by the first call that finds it overdue", async () => {
  const project = newProject();
  await startsIn(project, 60);
  await startsIn(project, 3_600);
  project.advance(60 + LIMITS.tick_lost_ms / 1000);
  await project.poll("idle", { agent_type: "testing" });
  expect(project.ticks).toHaveLength(1);
  project.advance(1);
  await project.poll("idle", { agent_type: "testing" });
  expect(project.ticks.map(({ generation }) => generation)).toEqual([1, 2]);
  expect(armed(project)[1]).toBe(3_600 - 60 - LIMITS.tick_lost_ms / 1000 - 1);
});

test("who finds a lost tick and what it was for does that, and arms the next one only", async () => {
  const project = newProject();
  const first = await startsIn(project, 60);
  await startsIn(project, 3_600);
  project.advance(61 + LIMITS.tick_lost_ms / 1000);
  await project.poll("idle", { agent_type: "testing" });
  expect((await project.record(first)).status).toBe("ready");
  expect(project.ticks.map(({ generation }) => generation)).toEqual([1, 2]);
  expect(armed(project)[1]).toBe(3_600 - 61 - LIMITS.tick_lost_ms / 1000);
});

test("that a tick reached QStash is noted of the armed one only, however late an older one is told", async () => {
  const project = newProject();
  await startsIn(project, 60);
  await startsIn(project, 20);
  await project.store.tickSent(1);
  expect(await project.store.health()).toMatchObject({ tick_unsent: true });
  await project.store.tickSent(2);
  await project.store.tickSent(1);
  expect(await project.store.health()).toMatchObject({ tick_unsent: false });
  await tick(project.store, { resend: true });
  expect(project.ticks).toHaveLength(2);
});

test("a backlog is worked off by one tick after the other, each with a bounded part", async () => {
  const project = newProject();
  const start_at = new Date(project.now() + 60_000).toISOString();
  for (let nth = 0; nth < 30; nth++) await project.task({ options: { start_at } });
  project.advance(60);
  const { swept } = await project.store.tick({ limit: 10, generation: 1 });
  expect(swept).toBe(10);
  expect(project.ticks).toHaveLength(1);
  expect(await tick(project.store, { generation: 1 })).toMatchObject({ swept: 20, overdue_ms: 0 });
  expect(await project.audit()).toEqual([]);
});

// The embedded engine takes its time over a thousand tasks.
test("1,000 tasks with heartbeats arm at most 50 ticks", { timeout: 240_000 }, async () => {
  const project = newProject();
  const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
  for (let run = 0; run < 5; run++) await project.graph(Object.fromEntries(keys));
  let sent = 0;
  /** QStash delivers what was armed, once its time has come. */
  const deliver = async (): Promise<void> => {
    for (; (project.ticks[sent]?.at ?? Infinity) <= project.now(); sent++) {
      await tick(project.store, { generation: project.ticks[sent]?.generation ?? 0 });
    }
  };
  for (let round = 0; round < 20; round++) {
    const leases: string[] = [];
    for (let agent = 0; agent < 5; agent++) {
      const tasks = await project.poll(`agent-${agent}`, { max_tasks: 10, lease_seconds: 60 });
      leases.push(...tasks.map(({ lease }) => lease));
      project.advance(0.3);
    }
    for (let beat = 0; beat < 2; beat++) {
      project.advance(20);
      await deliver();
      await Promise.all(leases.map((lease) => project.ok(heartbeat, { lease })));
    }
    await Promise.all(leases.map((lease) => project.complete(lease)));
  }
  expect((await project.run("r5")).status).toBe("completed");
  expect(project.ticks.length).toBeLessThanOrEqual(50);
  expect(project.ticks.length).toBeGreaterThan(0);
  expect(await project.audit()).toEqual([]);
});
