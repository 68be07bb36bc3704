/** `detail: "why"` names what a task or a run waits for, down to the root, and what would help. */
import { describe, expect, test } from "vitest";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function why(project: Project, task_id: string): Promise<Record<string, unknown>> {
  return project.ok(getTaskStatus, { task_id, detail: "why" });
}

interface RunCause {
  readonly why: string;
  readonly text: string;
  readonly tasks: number;
  readonly task_ids: string[];
}

async function causes(project: Project, run_id: string): Promise<RunCause[]> {
  const shown = await project.ok(getTaskStatus, { run_id, detail: "why" });
  return (shown["causes"] ?? []) as RunCause[];
}

describe("a ready task", () => {
  test("of a type that nobody ever polled for names the type, and one that was meant", async () => {
    const project = newProject();
    await project.poll("ada", { agent_type: "implementation" });
    const id = await project.task({ agent_type: "implementaton" });
    expect(await why(project, id)).toMatchObject({
      status: "ready",
      cause: "no_agent",
      why: "Nobody has ever polled for implementaton. Did you mean implementation? Start an agent of that type, or cancel and create the task for another.",
    });
  });

  test("of a type that nobody polls for any more says for how long", async () => {
    const project = newProject();
    await project.poll("ada");
    const id = await project.task();
    project.advance(720);
    expect(await why(project, id)).toMatchObject({
      cause: "no_agent",
      why: "No agent of type implementation has polled for 12 min. Start one.",
    });
  });

  test("waits without a cause for concern while the only agent of its type is busy", async () => {
    const project = newProject();
    await project.task();
    await project.claim("ada");
    const id = await project.task();
    project.advance(720);
    expect(await why(project, id)).toMatchObject({
      cause: "agent",
      why: "Ready for 12 min: waits for an agent of type implementation to poll. 1 of them busy, 0 idle.",
    });
  });

  test("that needs what no agent has names the capability and the agents", async () => {
    const project = newProject();
    await project.poll("ada", { capabilities: ["node"] });
    await project.poll("bob");
    const id = await project.task({ options: { requires: ["browser", "node"] } });
    expect(await why(project, id)).toMatchObject({
      cause: "no_agent",
      why: expect.stringMatching(
        /^(ada, bob|bob, ada) poll for implementation, but none has browser: /,
      ),
    });
    await project.poll("bob", { capabilities: ["browser"] });
    expect((await why(project, id))["why"]).toMatch("none has all of browser, node at once");
    await project.poll("ada", { capabilities: ["node", "browser"], max_tasks: 0 });
    expect(await why(project, id)).toMatchObject({ cause: "agent" });
  });

  test("for one agent alone says whether that agent is known, there, or gone", async () => {
    const project = newProject();
    await project.poll("cyd");
    const id = await project.task({ options: { assignee: "cid" } });
    expect((await why(project, id))["why"]).toBe(
      "It is for cid alone, and no agent of that name has ever polled. Did you mean cyd?",
    );
    const own = await project.task({ options: { assignee: "cyd" } });
    expect(await why(project, own)).toMatchObject({
      cause: "agent",
      why: expect.stringContaining("waits for agent cyd (implementation) to poll"),
    });
    project.advance(400);
    expect(await why(project, own)).toMatchObject({
      cause: "no_agent",
      why: expect.stringContaining("cyd alone, who was last seen 7 min ago"),
    });
  });

  test("behind an open breaker says so", async () => {
    const project = newProject();
    await project.poll("ada");
    const id = await project.task();
    await project.ok(setBreaker, { agent_type: "implementation", state: "open" });
    expect(await why(project, id)).toMatchObject({
      cause: "breaker",
      why: expect.stringContaining("held open by hand"),
    });
  });

  test("that was handed back by the only agent of its type says that others go first", async () => {
    const project = newProject();
    const id = await project.task();
    const { lease } = await project.claim("ada");
    await project.ok(submitResult, { lease, status: "released" });
    expect((await why(project, id))["why"]).toBe(
      "ada handed it back, so that others of type implementation go first for 60 s; there are none.",
    );
    await project.poll("bob", { max_tasks: 0 });
    expect(await why(project, id)).toMatchObject({ cause: "agent" });
  });
});

test("a task that is kept for an agent says for which, why, and for how long", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  await project.poll("bob", { max_tasks: 0 });
  await project.ok(submitResult, { lease, status: "needs_input", question: "Which one?" });
  expect(await why(project, id)).toMatchObject({
    cause: "question",
    why: `ada waits for an answer: control_task {action: "answer", task_ids: ["${id}"], text: "…"}. It asks: Which one?`,
  });
  await project.control("answer", { task_ids: [id], text: "That one." });
  expect(await why(project, id)).toMatchObject({
    cause: "turn",
    why: "ada, who worked on it before, goes first for 60 s; then anybody of type implementation.",
  });
  project.advance(60);
  expect(await why(project, id)).toMatchObject({ cause: "agent" });
});

test("a task that starts later says when, and one whose deadline has passed that it ends", async () => {
  const project = newProject();
  const at = (seconds: number): string => new Date(project.now() + seconds * 1000).toISOString();
  const later = await project.task({ options: { start_at: at(90) } });
  expect((await why(project, later))["why"]).toBe("Starts in 90 s.");
  for (let more = 0; more < 20; more++) await project.task({ options: { deadline: at(10) } });
  project.advance(11);
  const shown = await why(project, "r21t1");
  expect(shown).toMatchObject({
    cause: "cancelling",
    why: "Its deadline has passed: it ends with one of the next calls.",
  });
});

test("a task in review, and a parent that waits, name what is at the root of that", async () => {
  const project = newProject();
  await project.poll("eve", { agent_type: "testing", max_tasks: 0 });
  await project.task({ options: { review: { agent_type: "testing", criteria: "Good." } } });
  await project.complete((await project.claim("ada")).lease);
  expect(await why(project, "r1t1")).toMatchObject({ cause: "agent", root: "r1t2" });
  const reviewing = await project.claim("eve", { agent_type: "testing" });
  expect(await why(project, "r1t1")).toMatchObject({ cause: "worker", root: "r1t2" });
  await project.complete(reviewing.lease, { approved: true });
  expect(await why(project, "r1t1")).toMatchObject({ cause: "ended" });
});

test("a running task names its worker, its lease and what the worker said last", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  await project.ok(heartbeat, { lease, message: "Half of it." });
  expect((await why(project, id))["why"]).toBe(
    "ada works on it (attempt 1); its lease ends in 60 s unless renewed. It says: Half of it.",
  );
});

test("a task in the pause after a failure says which attempt it follows", async () => {
  const project = newProject();
  const retry = { initial_seconds: 30, jitter: "none" };
  const id = await project.task({ options: { retry } });
  await project.fail((await project.claim("ada")).lease);
  expect(await why(project, id)).toMatchObject({
    cause: "time",
    why: "Starts in 30 s. The pause follows attempt 1, which failed.",
  });
});

test("a dead letter says what can be done about it, and what it made skipped names it", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  await project.bury((await project.claim("ada")).lease, "E7");
  expect((await why(project, "r1t1"))["why"]).toMatch(/^Failed \(E7\).*"retry"/);
  expect((await why(project, "r1t2"))["why"]).toMatch(/^Skipped because r1t1 did not complete/);
});

describe("a blocked task", () => {
  test("is followed to the root of its waiting", async () => {
    const project = newProject();
    await project.poll("ada");
    const tasks = [
      { key: "a", task_description: "A", agent_type: "testing" },
      { key: "b", task_description: "B", dependencies: ["a"] },
      { key: "c", task_description: "C", dependencies: ["b"] },
      { key: "d", task_description: "D", dependencies: ["c"] },
      { key: "e", task_description: "E", dependencies: ["d"] },
    ];
    await project.ok(createWorkflow, { name: "Chain", agent_type: "implementation", tasks });
    expect(await why(project, "r1t4")).toMatchObject({
      status: "blocked",
      cause: "no_agent",
      root: "r1t1",
      why: "Waits for r1t3 to complete. r1t3 waits for r1t2. r1t2 waits for r1t1. r1t1 (ready): Nobody has ever polled for testing. Start an agent of that type, or cancel and create the task for another.",
    });
    // Three steps down, no further.
    expect(await why(project, "r1t5")).toMatchObject({
      cause: "dependency",
      root: "r1t2",
      why: expect.stringMatching(/r1t2 \(blocked\): Waits for r1t1 to complete\.$/),
    });
  });

  test("that waits for several is followed to the one that somebody has to do something about", async () => {
    const project = newProject();
    await project.task({ priority: 0 });
    await project.claim("ada");
    const lost = await project.task({ agent_type: "nobody" });
    const id = await project.task({ dependencies: ["r1t1", lost] });
    expect(await why(project, id)).toMatchObject({
      root: lost,
      cause: "no_agent",
      why: expect.stringMatching(/^Waits for r1t1, r2t1 to complete\. r2t1 \(ready\): /),
    });
  });
});

describe("a run", () => {
  test("groups its open tasks by the root of their waiting, the most common first", async () => {
    const project = newProject();
    await project.poll("ada");
    const types: Record<string, string> = { d: "testing" };
    const edges = { a: [], b: ["a"], c: ["b"], d: [], e: [], f: ["e"] };
    const tasks = Object.entries(edges).map(([key, dependencies]) => ({
      key,
      task_description: key,
      dependencies,
      agent_type: types[key] ?? "implementation",
    }));
    await project.ok(createWorkflow, { name: "Mixed", tasks });
    await project.claim("ada");
    const shown = await project.ok(getTaskStatus, { run_id: "r1", detail: "why" });
    expect(shown).toMatchObject({ status: "active", open: 6, running: 1 });
    expect(shown["causes"]).toEqual([
      {
        why: "worker",
        text: expect.stringMatching(/^r1t1: ada works on it/),
        tasks: 3,
        task_ids: ["r1t1", "r1t2", "r1t3"],
      },
      {
        why: "agent",
        text: expect.stringMatching(/^r1t5: Ready/),
        tasks: 2,
        task_ids: ["r1t5", "r1t6"],
      },
      {
        why: "no_agent",
        text: expect.stringContaining("Nobody has ever polled for testing"),
        tasks: 1,
        task_ids: ["r1t4"],
      },
    ]);
  });

  test("that has ended waits for nothing", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    const shown = await project.ok(getTaskStatus, { run_id: "r1", detail: "why" });
    expect(shown).toMatchObject({ status: "completed", why: "It has ended as completed." });
    expect(shown).not.toHaveProperty("causes");
  });

  test("that is being cancelled says so of what is left", async () => {
    const project = newProject();
    const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
    await project.graph(Object.fromEntries(keys));
    for (let more = 0; more < 140; more++) await project.task({ run_id: "r1" });
    await project.control("cancel", { run_id: "r1" });
    expect(await causes(project, "r1")).toEqual([
      expect.objectContaining({
        why: "cancelling",
        text: expect.stringContaining("r1 is being cancelled, and this task ends with it"),
      }),
    ]);
  });

  test("is looked at within bounds, in at most two reads", async () => {
    const project = newProject();
    const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
    await project.graph(Object.fromEntries(keys));
    for (let more = 0; more < 30; more++) await project.task({ run_id: "r1" });
    await causes(project, "r1");
    project.upstash.stats.reset();
    const shown = await project.ok(getTaskStatus, { run_id: "r1", detail: "why" });
    const { httpRequests, billed } = project.upstash.stats.snapshot();
    expect(httpRequests).toBe(2);
    expect(billed).toBeLessThanOrEqual(12);
    expect(shown["note"]).toMatch("Only 199 open tasks");
    expect(JSON.stringify(shown).length).toBeLessThan(2_000);
  });
});

test("a chain across runs takes at most two reads", async () => {
  const project = newProject();
  await project.poll("ada");
  let last = await project.task({ agent_type: "nobody" });
  for (let run = 0; run < 3; run++) {
    const other = await project.task();
    last = await project.task({ dependencies: [other, last] });
  }
  await why(project, last);
  project.upstash.stats.reset();
  expect(await why(project, last)).toMatchObject({ root: "r1t1", cause: "no_agent" });
  expect(project.upstash.stats.snapshot().httpRequests).toBe(2);
});
