/** Circuit breakers: after the pause one task probes, for its type or for the agent alone. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { breakerOf, failTasks, ONCE, openBreaker, succeed } from "../support/failing.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const PAUSE = LIMITS.breaker_pause_ms / 1000;

describe("a half-open one", () => {
  test("hands out one probe, for two minutes at most, however many ask", async () => {
    const project = await openBreaker(newProject());
    await project.task();
    project.advance(PAUSE);
    expect(await breakerOf(project)).toMatchObject({ state: "half_open" });
    const probes = await project.poll("ada", { max_tasks: 5, lease_seconds: 3_600 });
    expect(probes.map(({ lease_seconds }) => lease_seconds)).toEqual([
      LIMITS.breaker_probe_seconds,
    ]);
    expect(await project.poll("bob")).toEqual([]);
    expect(await breakerOf(project)).toMatchObject({
      state: "half_open",
      probe: probes[0]?.lease.split(".")[0],
    });
    const { why } = await project.ok(getTaskStatus, { task_id: "r7t1", detail: "why" });
    expect(why).toMatch("half-open");
  });

  test("costs a task nothing that took longer than a probe may, however often that was it", async () => {
    const project = await openBreaker(newProject());
    let pause = PAUSE;
    for (let nth = 0; nth <= LIMITS.lost_in_a_row; nth++) {
      project.advance(pause);
      await project.claim(`slow-${nth}`, { lease_seconds: 3_600 });
      project.advance(LIMITS.breaker_probe_seconds);
      pause *= 2;
      expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: pause });
    }
    expect((await project.record("r6t1")).status).toBe("ready");
    project.advance(pause);
    await project.complete((await project.claim("ada")).lease);
    expect(await breakerOf(project)).toBeUndefined();
  });

  test("closes when the probe completes, and forgets", async () => {
    const project = await openBreaker(newProject());
    project.advance(PAUSE);
    await project.complete((await project.claim("ada")).lease);
    expect(await breakerOf(project)).toBeUndefined();
    await failTasks(project, 4);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 4 });
  });

  test("closes when the probe says that the input was at fault", async () => {
    const project = await openBreaker(newProject());
    project.advance(PAUSE);
    await project.fail((await project.claim("ada")).lease, { category: "invalid_input" });
    expect(await breakerOf(project)).toBeUndefined();
  });

  test("closes once the probe is heard of after its two minutes, so that long tasks keep no others waiting", async () => {
    const project = await openBreaker(newProject());
    await project.task();
    project.advance(PAUSE);
    const { lease } = await project.claim("ada", { lease_seconds: 3_600 });
    project.advance(LIMITS.breaker_probe_seconds - 1);
    await project.ok(heartbeat, { lease, progress: 10 });
    expect(await breakerOf(project)).toMatchObject({ state: "half_open" });
    expect(await project.poll("bob")).toEqual([]);
    project.advance(1);
    await project.ok(heartbeat, { lease, progress: 20 });
    expect(await breakerOf(project)).toBeUndefined();
    await failTasks(project, 1);
    await project.fail(lease, { category: "internal" });
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 2 });
    expect(await project.audit()).toEqual([]);
  });

  test("stays half-open when the probe's agent only polls, which may be its first poll sent again", async () => {
    const project = await openBreaker(newProject());
    project.advance(PAUSE);
    const { lease } = await project.claim("ada");
    project.advance(LIMITS.breaker_probe_seconds - 1);
    await project.poll("ada");
    project.advance(1);
    expect(await project.poll("ada")).toMatchObject([{ lease }]);
    expect(await breakerOf(project)).toMatchObject({ state: "half_open" });
    await project.ok(heartbeat, { lease });
    expect(await breakerOf(project)).toBeUndefined();
  });

  test("costs the heartbeats of what does not probe nothing, however long it takes", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 3_600 });
    const beat = async (seconds: number): Promise<number> => {
      project.advance(seconds);
      project.upstash.stats.reset();
      await project.ok(heartbeat, { lease });
      return project.upstash.stats.snapshot().billed;
    };
    // The first one teaches Redis the script.
    await beat(1);
    const early = await beat(1);
    expect(await beat(LIMITS.breaker_probe_seconds)).toBe(early);
  });

  test("opens for twice as long when the probe fails, up to half an hour", async () => {
    const project = await openBreaker(newProject());
    const pauses: unknown[] = [];
    let pause = PAUSE;
    for (let nth = 0; nth < 7; nth++) {
      project.advance(pause);
      await project.task({ priority: 0, ...ONCE });
      await project.fail((await project.claim(`probe-${nth}`)).lease, { category: "internal" });
      pause = Math.min(pause * 2, 1_800);
      expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: pause });
      pauses.push(pause);
    }
    expect(pauses).toEqual([120, 240, 480, 960, 1_800, 1_800, 1_800]);
  });

  test("opens again when the probe is lost", async () => {
    const project = await openBreaker(newProject());
    project.advance(PAUSE);
    await project.claim("ada");
    project.advance(LIMITS.breaker_probe_seconds + 1);
    await project.poll("idle", { agent_type: "testing" });
    expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: 2 * PAUSE });
    expect(await project.poll("bob")).toEqual([]);
  });

  const taken: Record<string, (project: Project, lease: string) => Promise<unknown>> = {
    "handed back": (project, lease) => project.ok(submitResult, { lease, status: "released" }),
    cancelled: (project) => project.control("cancel", { task_ids: ["r1t1"] }),
    "ended by its deadline": (project) => {
      project.advance(100);
      return project.poll("idle", { agent_type: "testing" });
    },
    "completed by a promoted result": (project) =>
      project.control("promote_late_result", { task_ids: ["r1t1"] }),
  };

  test.each(Object.keys(taken))("lets another one probe when the probe was %s", async (name) => {
    const project = newProject();
    const deadline = new Date(project.now() + 200_000).toISOString();
    await project.task({ options: { deadline } });
    const gone = await project.claim("gone", { lease_seconds: 60 });
    project.advance(61);
    await project.poll("idle", { agent_type: "testing" });
    await failTasks(project, 4);
    project.advance(PAUSE);
    const probe = await project.claim("probe");
    expect(probe.lease).toMatch("r1t1.2.");
    await project.refusal(submitResult, { lease: gone.lease, status: "completed", result: 1 });
    await taken[name]?.(project, probe.lease);
    expect(await breakerOf(project)).toMatchObject({ state: "half_open" });
    await project.task();
    expect(await project.poll("other")).toHaveLength(1);
    expect(await project.audit()).toEqual([]);
  });
});

describe("an agent's own", () => {
  /** Ada fails all that she takes, and another agent of the type does well. */
  async function adaFails(project: Project): Promise<void> {
    await failTasks(project, 1);
    await succeed(project, 8);
    for (let nth = 0; nth < 5; nth++) {
      await project.task({ priority: 0, ...ONCE });
      await project.fail((await project.claim("ada")).lease, { category: "internal" });
    }
  }

  test("opens for that agent, while others of its type go on", async () => {
    const project = newProject();
    await adaFails(project);
    expect(await breakerOf(project)).toMatchObject({ state: "closed" });
    expect(await breakerOf(project, "agent:ada")).toMatchObject({ state: "open" });
    await project.task();
    expect(await project.poll("ada")).toEqual([]);
    expect(await project.poll("bob")).toHaveLength(1);
  });

  test("keeps the tasks that are assigned to it waiting, and why says so", async () => {
    const project = newProject();
    await adaFails(project);
    const assigned = await project.task({ options: { assignee: "ada" } });
    expect(await project.poll("ada")).toEqual([]);
    expect(await project.poll("bob")).toEqual([]);
    const { why } = await project.ok(getTaskStatus, { task_id: assigned, detail: "why" });
    expect(why).toMatch("The circuit breaker of agent ada is open");
    project.advance(PAUSE);
    const probe = await project.claim("ada");
    expect(probe.lease).toMatch(assigned);
    await project.complete(probe.lease);
    expect(await breakerOf(project, "agent:ada")).toBeUndefined();
  });
});
