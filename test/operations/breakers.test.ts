/** Circuit breakers: after several distinct tasks failed nothing is handed out for a while. */
import { describe, expect, test } from "vitest";
import { CATEGORIES, type Category } from "../../src/domain/failure.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { factsOf } from "../support/dump.ts";
import { breakerOf, failTasks, ONCE, openBreaker, succeed } from "../support/failing.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

const PAUSE = LIMITS.breaker_pause_ms / 1000;

describe("it opens", () => {
  test("after five distinct tasks failed, and not after four", async () => {
    const project = newProject();
    await failTasks(project, 4);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 4 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: PAUSE });
    const waiting = await project.task();
    expect(await project.poll("fresh")).toEqual([]);
    const { why } = await project.ok(getTaskStatus, { task_id: waiting, detail: "why" });
    expect(why).toMatch("The circuit breaker of type implementation is open");
    const told = factsOf(await project.dump()).filter(({ type }) => type === "breaker.opened");
    expect(told).toMatchObject([{ breaker: "breaker:type:implementation" }]);
  });

  test("not because one task fails again and again", async () => {
    const project = newProject();
    await project.task({ options: { retry: { max_attempts: 9, initial_seconds: 0 } } });
    for (let nth = 0; nth < 8; nth++) {
      await project.fail((await project.claim(`agent-${nth}`)).lease, { category: "internal" });
    }
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 8 });
  });

  test("when half of the outcomes are failures, and not before", async () => {
    const project = newProject();
    await failTasks(project, 1);
    await succeed(project, 6);
    await failTasks(project, 4);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 5 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("not while more than that succeeded before the first failure", async () => {
    const project = newProject();
    await succeed(project, 6);
    await failTasks(project, 5);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 5 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("once all that it remembers are failures, however much succeeded before", async () => {
    const project = newProject();
    const full = LIMITS.breaker_outcomes;
    const work = async (count: number, end: (lease: string) => Promise<unknown>): Promise<void> => {
      const tasks = Array.from({ length: count }, (_, nth) => ({
        key: `k${nth}`,
        task_description: "Do it.",
        ...ONCE,
      }));
      await project.ok(createWorkflow, { name: "Many", agent_type: "implementation", tasks });
      for (let done = 0; done < count;) {
        const held = await project.poll(`agent-${done}-of-${count}`, { max_tasks: 4 });
        for (const { lease } of held) await end(lease);
        done += held.length;
      }
    };
    await work(full + 1, project.complete);
    await work(full - 1, (lease) => project.fail(lease, { category: "internal" }));
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: full - 1 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("whatever succeeded longer ago than ten minutes, or by other types", async () => {
    const project = newProject();
    await succeed(project, 6);
    project.advance(LIMITS.breaker_window_ms / 1000);
    for (let nth = 0; nth < 6; nth++) {
      await project.task({ agent_type: "testing" });
      await project.complete((await project.claim("tess", { agent_type: "testing" })).lease);
    }
    await failTasks(project, 5);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("as results that are reviewed are handed in, and not once more when they are accepted", async () => {
    const project = newProject();
    const review = { agent_type: "testing", criteria: "It works." };
    for (let nth = 0; nth < 3; nth++) {
      await project.task({ options: { review } });
      await project.complete((await project.claim("able")).lease);
      const { lease } = await project.claim("tess", { agent_type: "testing" });
      await project.complete(lease, { approved: true, feedback: "Good." });
    }
    await failTasks(project, 4);
    await succeed(project, 3);
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 5 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("only by what happened within ten minutes", async () => {
    const project = newProject();
    await failTasks(project, 4);
    project.advance(LIMITS.breaker_window_ms / 1000);
    await failTasks(project, 4);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 4 });
    await failTasks(project, 1);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("also by workers that were lost", async () => {
    const project = newProject();
    for (let nth = 0; nth < 5; nth++) {
      await project.task();
      await project.claim(`lost-${nth}`, { lease_seconds: 60 });
    }
    project.advance(61);
    await project.poll("idle", { agent_type: "testing" });
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
    expect(await project.poll("fresh")).toEqual([]);
  });

  const neutral = Object.entries(CATEGORIES).flatMap(([name, { tripping }]) =>
    tripping ? [] : [name as Category],
  );

  test.each(neutral)("not by %s, which does not dilute the others either", async (category) => {
    const project = newProject();
    await failTasks(project, 1);
    for (let nth = 0; nth < 8; nth++) {
      await project.task({ priority: 0, ...ONCE });
      const { lease } = await project.claim(`agent-${nth}`);
      await project.fail(lease, { category, retry_after_seconds: 10_000 });
    }
    expect(await breakerOf(project)).toMatchObject({ state: "closed", failed: 1 });
    await failTasks(project, 4);
    expect(await breakerOf(project)).toMatchObject({ state: "open" });
  });

  test("not for other agent types", async () => {
    const project = await openBreaker(newProject());
    await project.task({ agent_type: "testing" });
    expect(await project.poll("tester", { agent_type: "testing" })).toHaveLength(1);
  });
});

describe("an open one", () => {
  test("loses and counts nothing: what waits is as it was, and runs in its order afterwards", async () => {
    const project = await openBreaker(newProject());
    const second = await project.task({ priority: 0 });
    const before = await project.record("r6t1");
    for (let seconds = 0; seconds < PAUSE; seconds += 20) {
      expect(await project.poll("fresh", { max_tasks: 5 })).toEqual([]);
      project.advance(20);
    }
    expect(await project.record("r6t1")).toEqual(before);
    const probe = await project.claim("fresh");
    expect(probe.lease).toMatch(`${second}.1.`);
    await project.complete(probe.lease);
    expect((await project.claim("fresh")).lease).toMatch("r6t1.1.");
  });

  test("lets those who work already finish, and what they say changes nothing", async () => {
    const project = newProject();
    await project.task();
    await project.task(ONCE);
    const leases = (await project.poll("early", { max_tasks: 2 })).map(({ lease }) => lease);
    await failTasks(project, 5);
    await project.complete(leases[0] ?? "");
    expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: PAUSE });
    await project.fail(leases[1] ?? "", { category: "internal" });
    expect(await breakerOf(project)).toMatchObject({ state: "open", seconds_left: PAUSE });
  });

  test("gives again what an agent holds", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("early");
    await failTasks(project, 5);
    expect(await project.claim("early")).toMatchObject({ lease, held: true });
  });
});

describe("by hand", () => {
  test("one can be held open, and let go", async () => {
    const project = newProject();
    const id = await project.task();
    await project.ok(setBreaker, { agent_type: "implementation", state: "open" });
    expect(await breakerOf(project)).toMatchObject({ state: "open", forced: true });
    project.advance(86_400);
    expect(await project.poll("ada")).toEqual([]);
    const { why } = await project.ok(getTaskStatus, { task_id: id, detail: "why" });
    expect(why).toMatch("held open by hand");
    await project.ok(setBreaker, { agent_type: "implementation", state: "auto" });
    expect(await project.poll("ada")).toHaveLength(1);
  });

  test("one can be held closed, whatever fails", async () => {
    const project = newProject();
    await project.ok(setBreaker, { agent_type: "implementation", state: "closed" });
    await failTasks(project, 10);
    expect(await breakerOf(project)).toMatchObject({ state: "closed", forced: true });
    await project.task();
    expect(await project.poll("ada")).toHaveLength(1);
    const told = factsOf(await project.dump()).map(({ breaker, type }) => [breaker, type]);
    expect(told).not.toContainEqual(["breaker:type:implementation", "breaker.opened"]);
  });

  test("an open one can be closed at once", async () => {
    const project = await openBreaker(newProject());
    expect(await project.poll("ada")).toEqual([]);
    await project.ok(setBreaker, { agent_type: "implementation", state: "auto" });
    expect(await project.poll("ada", { max_tasks: 2 })).toHaveLength(1);
    expect(await breakerOf(project)).toMatchObject({ state: "closed" });
  });

  test("that of an agent is meant by its id, and one of both must be given", async () => {
    const project = newProject();
    await project.task();
    await project.ok(setBreaker, { agent_id: "ada", state: "open" });
    expect(await project.poll("ada")).toEqual([]);
    expect(await project.poll("bob")).toHaveLength(1);
    for (const whose of [{}, { agent_id: "ada", agent_type: "implementation" }]) {
      const sent = project.refusal(setBreaker, { ...whose, state: "open" });
      expect(await sent).toMatchObject({ reason: "invalid" });
    }
  });
});
