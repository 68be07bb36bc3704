/** A worker whose task went on without it is told to stop, and one whose time is nearly over to submit. */
import { describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { agentAlive } from "../../src/operations/agent-alive.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();
const STOP = ["r1t1 was cancelled: stop, leave your files in a clean state, submit nothing."];

async function notices(project: Project, more: object = {}): Promise<string[] | undefined> {
  const poll = { agent_id: "ada", wait_seconds: 0, max_tasks: 0, ...more };
  return (await project.ok(pollTasks, poll)).notices;
}

/** Ada holds r1t1. */
async function held(project: Project, options = {}): Promise<string> {
  await project.task({ options });
  return (await project.claim("ada")).lease;
}

/** Somebody's call notices that the lease of 30 s has run out. */
async function lapse(project: Project): Promise<void> {
  project.advance(31);
  await project.poll("eve", { agent_type: "testing" });
}

async function cancelled(project: Project): Promise<string> {
  const lease = await held(project);
  await project.control("cancel", { task_ids: ["r1t1"] });
  return lease;
}

describe("the agent whose task was cancelled", () => {
  test("is told to stop by its polls of a minute, and then no more", async () => {
    const project = newProject();
    await cancelled(project);
    project.advance(3_000);
    expect(await notices(project)).toEqual(STOP);
    project.advance(59);
    expect(await notices(project)).toEqual(STOP);
    project.advance(1);
    expect(await notices(project)).toBeUndefined();
    expect(await project.audit()).toEqual([]);
  });

  test("is told by the call of a hook", async () => {
    const project = newProject();
    await cancelled(project);
    expect(await project.ok(agentAlive, { agent_id: "ada" })).toEqual({
      agent_id: "ada",
      notices: STOP,
    });
  });

  test("is told when it submits another task and asks for the next", async () => {
    const project = newProject();
    await project.task();
    await project.task();
    const [first, second] = await project.poll("ada", { max_tasks: 2 });
    await project.control("cancel", { task_ids: ["r1t1"] });
    expect(first?.lease).toMatch("r1t1");
    const submit = { lease: second?.lease ?? "", status: "completed", poll_next: true } as const;
    expect(await project.ok(submitResult, submit)).toMatchObject({ notices: STOP });
  });

  test("is told by a heartbeat of something else that it holds, as often as it beats in a minute", async () => {
    const project = newProject();
    await project.task();
    await project.task();
    await project.task();
    const held = await project.poll("ada", { max_tasks: 3 });
    const [first = "", second = ""] = held.map((one) => one.lease);
    expect(await project.ok(heartbeat, { lease: first })).not.toHaveProperty("notices");
    await project.control("cancel", { task_ids: ["r2t1"] });
    await project.control("cancel", { run_id: "r3" });
    const told = await project.ok(heartbeat, { lease: first });
    expect(told.notices?.toSorted()).toEqual([
      expect.stringMatching("^r2t1 was cancelled: stop"),
      expect.stringMatching("^r3t1 was cancelled: stop"),
    ]);
    const agent = async () => (await project.dump()).hashes["control"]?.["agent:ada"];
    const before = await agent();
    expect((await project.ok(heartbeat, { lease: first })).notices).toHaveLength(2);
    expect(await agent()).toBe(before);
    project.advance(61);
    expect(await project.ok(heartbeat, { lease: first })).not.toHaveProperty("notices");
    expect((await project.refusal(heartbeat, { lease: second })).reason).toBe("cancelled");
    expect(await project.audit()).toEqual([]);
  });

  test("is told with new work, where it asks for some", async () => {
    const project = newProject();
    await cancelled(project);
    await project.task();
    const reply = await project.ok(pollTasks, { agent_id: "ada", wait_seconds: 0 });
    expect(reply).toMatchObject({ tasks: [{ lease: expect.any(String) }], notices: STOP });
  });

  test("is refused with the same words where it comes with the lease", async () => {
    const project = newProject();
    const lease = await cancelled(project);
    expect((await project.refusal(heartbeat, { lease })).message).toBe(STOP[0]);
  });

  test("does not wait for work before it is told, and then waits as usual", async () => {
    const project = newProject();
    await cancelled(project);
    const told = await project.ok(pollTasks, { agent_id: "ada", wait_seconds: 45 });
    expect(told).toEqual({
      agent_id: "ada",
      next: "Heed the notices, then call poll_tasks again.",
      notices: STOP,
    });
    project.advance(10);
    const again = await project.ok(pollTasks, { agent_id: "ada", wait_seconds: 1 });
    expect(again).toMatchObject({ timed_out: true, notices: STOP });
  });

  test("hears at the end of a long wait what its beginning told again", async () => {
    const project = newProject();
    await cancelled(project);
    await notices(project);
    project.advance(59);
    const looks = vi.spyOn(project.store, "poll");
    const waiting = project.ok(pollTasks, { agent_id: "ada", wait_seconds: 1 });
    // The second look begins the wait.
    await expect.poll(() => looks.mock.settledResults.length).toBeGreaterThan(1);
    project.advance(1);
    expect(await waiting).toMatchObject({ timed_out: true, notices: STOP });
  });

  test("is told of many, and its record stays small", async () => {
    const project = newProject();
    for (let round = 0; round < 4; round++) {
      for (let nth = 0; nth < LIMITS.max_tasks; nth++) await project.task();
      await project.poll("ada", { max_tasks: LIMITS.max_tasks });
      const ids = Array.from(
        { length: LIMITS.max_tasks },
        (_, nth) => `r${round * LIMITS.max_tasks + nth + 1}t1`,
      );
      await project.control("cancel", { task_ids: ids });
      await notices(project);
    }
    expect(await notices(project)).toHaveLength(LIMITS.stops_kept);
  });
});

describe("an agent is not told of", () => {
  test.each(["completed", "released", "failed", "needs_input"] as const)(
    "what it submitted as %s itself",
    async (status) => {
      const project = newProject();
      const lease = await held(project);
      const error = { message: "No.", category: "invalid_input" } as const;
      const more = { failed: { error }, needs_input: { question: "Which?" } };
      await project.ok(submitResult, {
        lease,
        status,
        ...(status in more && more[status as keyof typeof more]),
      });
      await project.control("cancel", { task_ids: ["r1t1"] });
      expect(await notices(project)).toBeUndefined();
    },
  );

  test("a task that this very poll gives it anew", async () => {
    const project = newProject();
    await held(project, { lease_seconds: 30 });
    await lapse(project);
    const reply = await project.ok(pollTasks, { agent_id: "ada", wait_seconds: 0 });
    expect(reply).toMatchObject({ tasks: [{ lease: expect.stringMatching(/^r1t1\.2\./) }] });
    expect(reply.notices).toBeUndefined();
  });

  test("what the process before it held", async () => {
    const project = newProject();
    await project.task();
    await project.claim("ada", { instance: "one" });
    await project.control("cancel", { task_ids: ["r1t1"] });
    expect(await notices(project, { instance: "two" })).toBeUndefined();
  });

  test("the same task twice, though it held it twice", async () => {
    const project = newProject();
    await held(project, { lease_seconds: 30 });
    await lapse(project);
    expect(await notices(project)).toHaveLength(1);
    await project.claim("ada");
    await project.control("cancel", { task_ids: ["r1t1"] });
    expect(await notices(project)).toEqual(STOP);
  });
});

describe("an agent whose lease ran out is told", () => {
  test("that it may still submit while nobody else has the task", async () => {
    const project = newProject();
    const lease = await held(project, { lease_seconds: 30 });
    await lapse(project);
    expect(await notices(project)).toEqual([
      "Your lease of r1t1 ran out (it is ready): submit it at once if it is done, else stop.",
    ]);
    expect((await project.complete(lease)).status).toBe("completed");
  });

  test("that another worker has the task", async () => {
    const project = newProject();
    await held(project, { lease_seconds: 30 });
    project.advance(31);
    await project.claim("bob");
    expect(await notices(project)).toEqual([
      "Your lease of r1t1 ran out, and another worker has it: stop working on it.",
    ]);
  });

  test("that the task has failed at its deadline", async () => {
    const project = newProject();
    await held(project, { deadline: new Date(project.now() + 60_000).toISOString() });
    project.advance(61);
    expect(await notices(project)).toEqual([
      "r1t1 went on without you (it is failed): stop working on it.",
    ]);
  });
});

describe("a worker is told when it must end", () => {
  const beat = async (project: Project, lease: string): Promise<string[] | undefined> =>
    (await project.ok(heartbeat, { lease })).notices;

  test("once its lease cannot be renewed for its whole length, by heartbeat and poll", async () => {
    const project = newProject();
    const lease = await held(project, { lease_seconds: 60, max_run_seconds: 100 });
    project.advance(40);
    expect(await beat(project, lease)).toBeUndefined();
    project.advance(1);
    const told = ["r1t1 must end within 59 s (max_run_seconds): submit in time."];
    expect(await beat(project, lease)).toEqual(told);
    expect(await notices(project)).toEqual(told);
  });

  test("where its deadline comes first", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 90_000).toISOString();
    const lease = await held(project, { lease_seconds: 60, deadline });
    expect(await beat(project, lease)).toBeUndefined();
    project.advance(50);
    expect(await beat(project, lease)).toEqual([
      "r1t1 must end within 40 s (its deadline): submit in time.",
    ]);
  });

  test("after what it must stop, and before messages", async () => {
    const project = newProject();
    await project.task({ options: { lease_seconds: 60, max_run_seconds: 80 } });
    await project.task();
    await project.poll("ada", { max_tasks: 2 });
    await project.control("message", { task_ids: ["r1t1"], text: "Hurry." });
    await project.control("cancel", { task_ids: ["r2t1"] });
    project.advance(50);
    expect(await notices(project)).toEqual([
      "r2t1 was cancelled: stop, leave your files in a clean state, submit nothing.",
      "r1t1 must end within 30 s (max_run_seconds): submit in time.",
      "Message on r1t1: Hurry.",
    ]);
  });
});
