/** What follows a failed attempt: another one after a pause, or none. */
import { describe, expect, test } from "vitest";
import { CATEGORIES, type Category } from "../../src/domain/failure.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

const categories = Object.keys(CATEGORIES) as Category[];

describe.each(categories)("a failure of category %s", (category) => {
  const { retried, counted } = CATEGORIES[category];

  test("is tried again if its category says so", async () => {
    const project = newProject();
    const id = await project.task();
    const { status } = await project.fail((await project.claim("ada")).lease, { category });
    expect(status).toBe(retried ? "scheduled" : "failed");
    const { failures, rate_limits, error_code } = await project.record(id);
    expect({ failures, rate_limits }).toEqual(counted ? { failures: 1 } : { rate_limits: 1 });
    expect(error_code).toBe(retried ? undefined : category);
    expect(await project.audit()).toEqual([]);
  });

  test("uses up an attempt if its category says so", async () => {
    const project = newProject();
    await project.task({ options: { retry: { max_attempts: 1 } } });
    const { status } = await project.fail((await project.claim("ada")).lease, { category });
    expect(status).toBe(counted ? "failed" : "scheduled");
  });
});

test("a failure without a category is an agent_error, and one without a code goes by its category", async () => {
  const project = newProject();
  const id = await project.task({ options: { retry: { max_attempts: 1 } } });
  const { lease } = await project.claim("ada");
  await project.ok(submitResult, { lease, status: "failed", error: { message: "No." } });
  expect(await project.record(id)).toMatchObject({ status: "failed", error_code: "agent_error" });
});

test("three attempts are made unless the task says otherwise, and then it is a dead letter", async () => {
  const project = newProject();
  const id = await project.task({ options: { retry: { jitter: "none" } } });
  for (const nth of [1, 2]) {
    await project.fail((await project.claim("ada")).lease, { code: `E${nth}` });
    project.advance(60);
  }
  expect(await project.fail((await project.claim("ada")).lease, { code: "E3" })).toMatchObject({
    status: "failed",
  });
  expect(await project.record(id)).toMatchObject({ attempt: 3, failures: 3, error_code: "E3" });
  expect(await project.audit()).toEqual([]);
});

test("no attempt is scheduled for the deadline or later: the task fails at once", async () => {
  const project = newProject();
  const deadline = new Date(project.now() + 25_000).toISOString();
  const id = await project.task({
    options: { deadline, retry: { max_attempts: 9, jitter: "none" } },
  });
  const answers: string[] = [];
  for (const seconds of [10, 0]) {
    answers.push((await project.fail((await project.claim("ada")).lease)).status);
    project.advance(seconds);
  }
  // 15 s are left, and the second pause takes 20 s.
  expect(answers).toEqual(["scheduled", "failed"]);
  expect(await project.record(id)).toMatchObject({ error_code: "agent_error", failures: 2 });
  expect(await project.audit()).toEqual([]);
});

test("a lost lease between two failures uses up no attempt", async () => {
  const project = newProject();
  const id = await project.task({ options: { retry: { max_attempts: 2, jitter: "none" } } });
  await project.fail((await project.claim("ada")).lease);
  project.advance(10);
  await project.claim("bob", { lease_seconds: 60 });
  project.advance(61);
  expect(await project.fail((await project.claim("eve")).lease)).toMatchObject({
    status: "failed",
  });
  expect(await project.record(id)).toMatchObject({ attempt: 3, failures: 2 });
});

test("the next worker reads how earlier attempts ended, and what they noted", async () => {
  const project = newProject();
  const id = await project.task({ options: { retry: { max_attempts: 5, jitter: "none" } } });
  const first = await project.claim("ada");
  await project.ok(heartbeat, { lease: first.lease, message: "Reading." });
  await project.ok(submitResult, {
    lease: first.lease,
    status: "failed",
    error: { message: "No such file.", code: "ENOENT", details: { path: "a" } },
    result: { tried: ["a"] },
  });
  project.advance(10);
  const second = await project.claim("bob", { lease_seconds: 60 });
  expect(second).toMatchObject({
    previous_errors: ["attempt 1 (ada): No such file.; it had said: Reading."],
    notes: { tried: ["a"] },
  });
  project.advance(61);
  const third = await project.claim("eve");
  expect(third.previous_errors).toEqual([
    "attempt 1 (ada): No such file.; it had said: Reading.",
    "attempt 2 (bob): its lease ran out",
  ]);
  expect(third.notes).toEqual({ tried: ["a"] });
  const { attempts } = await project.ok(getTaskStatus, { task_id: id, detail: "full" });
  expect(attempts).toMatchObject([
    { attempt: 1, outcome: "failed", error: { code: "ENOENT", details: { path: "a" } } },
    { attempt: 2, outcome: "expired" },
  ]);
});

test("a run with a task that will be tried again goes on", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  await project.fail((await project.claim("ada")).lease);
  expect(await project.run("r1")).toMatchObject({ status: "active", open: 2, failed: 0 });
  expect(await project.record("r1t2")).toMatchObject({ status: "blocked" });
});
