/** A worker that cannot go on without an answer asks, and gives its task back until it has one. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();
const QUESTION = "Which database?";

function ask(project: Project, lease: string, more: object = {}) {
  return project.ok(submitResult, { lease, status: "needs_input", question: QUESTION, ...more });
}

/** A task whose worker, ada, has asked; returns her lease. */
async function asked(project: Project, options = {}): Promise<string> {
  await project.task({ options });
  const { lease } = await project.claim("ada");
  await ask(project, lease);
  return lease;
}

const answer = (project: Project, text = "Postgres.") =>
  project.control("answer", { task_ids: ["r1t1"], text });

test("a question suspends the task and uses up nothing", async () => {
  const project = newProject();
  await project.task();
  const { lease } = await project.claim("ada");
  expect(await ask(project, lease)).toEqual({ task_id: "r1t1", status: "suspended" });
  const record = await project.record("r1t1");
  expect(record).toMatchObject({ suspended_for: "answer", question: QUESTION });
  expect(record.attempts).toMatchObject([{ outcome: "needs_input", answer: "suspended" }]);
  expect([record.failures, record.lost, record.error]).toEqual([undefined, undefined, undefined]);
  expect(factsOf(await project.dump())).toContainEqual(
    expect.objectContaining({ type: "task.suspended", task_id: "r1t1", suspended_for: "answer" }),
  );
  expect(await project.audit()).toEqual([]);
});

test("open questions are listed, and whoever looks at the task is told what it waits for", async () => {
  const project = newProject();
  await project.task();
  await asked(project);
  await ask(project, (await project.claim("bob")).lease, { question: "Why?" });
  const { tasks } = await project.ok(listTasks, { status: "needs_input" });
  expect(tasks).toMatchObject([
    { task_id: "r2t1", status: "suspended", waits_for: "answer", question: "Why?" },
    { task_id: "r1t1", status: "suspended", waits_for: "answer", question: QUESTION },
  ]);
  const status = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "why" });
  expect(status).toMatchObject({ waits_for: "answer", question: QUESTION });
  expect(status["why"]).toContain('control_task {action: "answer", task_ids: ["r1t1"]');
  await answer(project);
  expect((await project.ok(listTasks, { status: "needs_input" })).tasks).toHaveLength(1);
});

test("nobody is given a task that waits for an answer", async () => {
  const project = newProject();
  await asked(project);
  expect(await project.poll("ada")).toEqual([]);
  expect(await project.poll("bob")).toEqual([]);
  project.advance(100_000);
  expect(await project.poll("bob")).toEqual([]);
});

test("an answer makes the task ready for the agent that asked, and after a minute for anyone", async () => {
  const project = newProject();
  await asked(project);
  expect(await answer(project)).toEqual({ changed: ["r1t1"] });
  expect(await project.record("r1t1")).toMatchObject({
    status: "ready",
    prefer: { agent_id: "ada" },
  });
  expect(factsOf(await project.dump()).at(-1)).toMatchObject({ type: "task.resumed" });
  expect(await project.poll("bob")).toEqual([]);
  project.advance(61);
  expect((await project.claim("bob")).lease).toMatch("r1t1.2.");
  expect(await project.audit()).toEqual([]);
});

test("the next attempt, and each later one, is given question, answer and notes", async () => {
  const project = newProject();
  await project.task({ options: { retry: { initial_seconds: 0 } } });
  const { lease } = await project.claim("ada");
  await ask(project, lease, { result: { tried: "MySQL" } });
  await answer(project);
  const second = await project.claim("ada");
  expect(second).toMatchObject({
    answers: [{ question: QUESTION, answer: "Postgres." }],
    notes: { tried: "MySQL" },
  });
  expect(second.previous_errors).toBeUndefined();
  await ask(project, second.lease, { question: "Which version?" });
  await answer(project, "18");
  const third = await project.claim("ada");
  await project.fail(third.lease);
  expect((await project.claim("bob")).answers).toEqual([
    { question: QUESTION, answer: "Postgres." },
    { question: "Which version?", answer: "18" },
  ]);
});

test("the last ten answers are kept", async () => {
  const project = newProject();
  await project.task();
  for (let nth = 1; nth <= 12; nth++) {
    await ask(project, (await project.claim("ada")).lease, { question: `${nth}?` });
    await answer(project, `${nth}!`);
  }
  const { answers } = await project.record("r1t1");
  expect(answers).toHaveLength(LIMITS.answers_kept);
  expect(answers?.[0]).toEqual({ question: "3?", answer: "3!" });
  expect(await project.audit()).toEqual([]);
});

test("long answers are cut where they would crowd out the task, with the way to all of it", async () => {
  const project = newProject();
  await project.task();
  const question = "質".repeat(LIMITS.question_length);
  for (let nth = 0; nth < 3; nth++) {
    await ask(project, (await project.claim("ada")).lease, { question });
    await answer(project, "答".repeat(LIMITS.answer_length));
  }
  const task = await project.claim("ada");
  expect(task.task_description).toBe("Do it.");
  expect(task.answers?.length).toBeGreaterThan(0);
  expect(task.cut).toContain("get_task_status");
  expect(Buffer.byteLength(JSON.stringify(task))).toBeLessThan(LIMITS.reply_bytes);
});

test("a resumed task keeps its place in the order", async () => {
  const project = newProject();
  await asked(project);
  const { order } = await project.record("r1t1");
  project.advance(500);
  await answer(project);
  expect(await project.record("r1t1")).toMatchObject({ order });
});

describe("a question", () => {
  test.each([
    ["is missing", undefined],
    ["is empty", "  "],
    ["is too long", "x".repeat(LIMITS.question_length + 1)],
  ])("that %s is refused, and the worker still holds the task", async (_, question) => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const refusal = await project.refusal(submitResult, { lease, status: "needs_input", question });
    expect(refusal.reason).toBe("invalid");
    expect(refusal.message).toMatch(/question.*You still hold the task/);
    expect(await project.record("r1t1")).toMatchObject({ status: "running" });
  });

  test("with another status is refused, since nobody would read it", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const refusal = await project.refusal(submitResult, {
      lease,
      status: "completed",
      question: QUESTION,
    });
    expect(refusal.message).toMatch("question goes with needs_input");
    expect(await project.record("r1t1")).toMatchObject({ status: "running" });
  });

  test("from a lease that ran out is accepted while nobody else has the task", async () => {
    const project = newProject();
    await project.task({ options: { lease_seconds: 30 } });
    const { lease } = await project.claim("ada");
    project.advance(31);
    await project.poll("eve", { agent_type: "testing" });
    expect(await ask(project, lease)).toMatchObject({ status: "suspended" });
    expect(await project.audit()).toEqual([]);
    await answer(project);
    await project.claim("ada");
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "lease_ended" });
  });

  test("that a worker asks when another one has the task is refused", async () => {
    const project = newProject();
    await project.task({ options: { lease_seconds: 30 } });
    const { lease } = await project.claim("ada");
    project.advance(31);
    await project.claim("bob");
    const question = { lease, status: "needs_input", question: QUESTION } as const;
    expect(await project.refusal(submitResult, question)).toMatchObject({ reason: "lease_lost" });
  });

  test("goes with a next task where the worker asks for one", async () => {
    const project = newProject();
    await project.task();
    await project.task();
    const { lease } = await project.claim("ada");
    const reply = await ask(project, lease, { poll_next: true });
    expect(reply.next).toMatchObject([{ lease: expect.stringMatching(/^r2t1\.1\./) }]);
  });

  test("sent again after the answer changes nothing", async () => {
    const project = newProject();
    const lease = await asked(project);
    await answer(project);
    await project.claim("ada");
    const before = await project.dump();
    expect(await ask(project, lease)).toMatchObject({ status: "suspended" });
    expect(await project.dump()).toEqual(before);
  });
});

describe("an answer", () => {
  test("to a task that asks nothing is refused with what it is", async () => {
    const project = newProject();
    await project.task();
    expect(await answer(project)).toEqual({
      changed: [],
      refused: [{ task_id: "r1t1", reason: "it has no open question; it is ready" }],
    });
  });

  test("sent again has one effect; a second one is refused", async () => {
    const project = newProject();
    await asked(project);
    const sent = { task_ids: ["r1t1"], text: "Postgres.", idempotency_key: "mine" };
    expect(await project.control("answer", sent)).toEqual({ changed: ["r1t1"] });
    const before = await project.dump();
    expect(await project.control("answer", sent)).toEqual({ changed: ["r1t1"] });
    expect(await project.dump()).toEqual(before);
    expect((await answer(project, "MySQL.")).refused).toMatchObject([{ task_id: "r1t1" }]);
    expect((await project.record("r1t1")).answers).toHaveLength(1);
  });

  test.each([
    ["without text", { task_ids: ["r1t1"] }, "answer needs text"],
    ["of blanks", { task_ids: ["r1t1"], text: " " }, "answer needs text"],
    ["to two tasks", { task_ids: ["r1t1", "r1t2"], text: "x" }, "one question"],
    ["to a run", { run_id: "r1", text: "x" }, "task_ids"],
    ["that is too long", { task_ids: ["r1t1"], text: "x".repeat(4_001) }, "at most 4000"],
  ])("%s is refused", async (_, input, says) => {
    const project = newProject();
    await asked(project);
    await expect(project.control("answer", input)).rejects.toThrow(says);
    expect(await project.record("r1t1")).toMatchObject({ status: "suspended" });
  });
});

describe("a task that waits for an answer", () => {
  test("can be cancelled, and asks nothing any more", async () => {
    const project = newProject();
    const lease = await asked(project);
    expect(await project.control("cancel", { task_ids: ["r1t1"] })).toEqual({ changed: ["r1t1"] });
    const record = await project.record("r1t1");
    expect([record.status, record.question]).toEqual(["cancelled", undefined]);
    expect(await project.audit()).toEqual([]);
    expect((await ask(project, lease)).status).toBe("suspended");
  });

  test("fails at its deadline, and can be retried without the old question", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 60_000).toISOString();
    await asked(project, { deadline });
    project.advance(61);
    await project.poll("eve", { agent_type: "testing" });
    const failed = await project.record("r1t1");
    expect(failed).toMatchObject({ status: "failed", error_code: "deadline" });
    expect(failed.question).toBeUndefined();
    await project.control("retry", { task_ids: ["r1t1"] });
    expect((await project.claim("bob")).lease).toMatch("r1t1.2.");
    expect(await project.audit()).toEqual([]);
  });

  test("keeps a result that its worker finds after all, for somebody to promote", async () => {
    const project = newProject();
    const lease = await asked(project);
    expect(await project.complete(lease, "Found out.")).toMatchObject({ status: "suspended" });
    await project.control("promote_late_result", { task_ids: ["r1t1"] });
    const record = await project.record("r1t1");
    expect([record.status, record.question, record.suspended_for]).toEqual([
      "completed",
      undefined,
      undefined,
    ]);
    expect(await project.audit()).toEqual([]);
  });

  test("takes another priority and resumes with it", async () => {
    const project = newProject();
    await asked(project);
    await project.control("set_priority", { task_ids: ["r1t1"], changes: { priority: 0 } });
    await answer(project);
    expect(await project.audit()).toEqual([]);
    expect((await project.claim("ada")).lease).toMatch("r1t1.2.");
  });

  test("holds back its dependents and its run", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    await ask(project, (await project.claim("ada")).lease);
    expect(await project.record("r1t2")).toMatchObject({ status: "blocked" });
    expect(await project.run("r1")).toMatchObject({ status: "active", open: 2 });
    await answer(project);
    await project.complete((await project.claim("ada")).lease);
    expect(await project.record("r1t2")).toMatchObject({ status: "ready" });
  });
});

test("a probe that asks leaves its place to another, since asking says nothing about its worker", async () => {
  const project = newProject();
  for (let nth = 0; nth < 7; nth++) {
    await project.task({ options: { retry: { max_attempts: 1 } } });
  }
  for (let nth = 0; nth < 5; nth++) await project.fail((await project.claim("ada")).lease);
  project.advance(61);
  await ask(project, (await project.claim("ada")).lease);
  expect(await project.audit()).toEqual([]);
  expect((await project.claim("ada")).lease).toMatch("r7t1.1.");
});

test("an agent that waits for work is woken by the answer to its question", async () => {
  const project = newProject();
  await asked(project);
  const waiting = project.ok(pollTasks, { agent_id: "ada", wait_seconds: 20 });
  await expect
    .poll(async () => (await project.dump()).hashes["control"])
    .toHaveProperty(["watch:implementation"]);
  await answer(project);
  expect((await waiting).tasks).toMatchObject([{ answers: [{ answer: "Postgres." }] }]);
});
