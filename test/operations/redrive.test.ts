/** Retrying dead letters by hand: a fresh budget, and what is different this time. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { tick } from "../../src/operations/tick.ts";
import { buried, letters } from "../support/dead-letters.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

test("gives a fresh budget, goes on with the attempt numbers, and reopens the run", async () => {
  const project = newProject();
  const retry = { max_attempts: 2, jitter: "none" };
  const id = await project.task({ options: { retry } });
  const twice = async (): Promise<string> => {
    await project.fail((await project.claim("ada")).lease);
    project.advance(10);
    return (await project.fail((await project.claim("ada")).lease)).status;
  };
  expect(await twice()).toBe("failed");
  expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0, failed: 1 });
  expect(await project.control("retry", { task_ids: [id] })).toEqual({ changed: [id] });
  const { status, error_code, error, failures } = await project.record(id);
  expect({ status, error_code, error, failures }).toEqual({ status: "ready" });
  const run = await project.run("r1");
  expect(run).toMatchObject({ status: "active", open: 1, failed: 0 });
  expect(run.ended_at).toBeUndefined();
  expect(await letters(project)).toEqual([]);
  expect(await project.audit()).toEqual([]);
  expect(await twice()).toBe("failed");
  expect(await project.record(id)).toMatchObject({ attempt: 4, failures: 2 });
  expect(await letters(project)).toEqual([id]);
  expect(await project.audit()).toEqual([]);
});

test("shows the next worker all earlier errors, and what is different this time", async () => {
  const project = newProject();
  const id = await project.task({ task_description: "Old words.", context: { old: true } });
  await project.bury((await project.claim("ada")).lease);
  await project.control("retry", {
    task_ids: [id],
    changes: {
      task_description: "New words.",
      context: { fresh: [] },
      priority: 0,
      options: { lease_seconds: 30, max_run_seconds: 50, retry: { max_attempts: 1 } },
    },
  });
  const { priority, title, retry } = await project.record(id);
  expect({ priority, title, retry }).toEqual({
    priority: 0,
    title: "New words.",
    retry: { max_attempts: 1 },
  });
  expect(await project.claim("bob")).toMatchObject({
    task_description: "New words.",
    context: { fresh: [] },
    lease_seconds: 30,
    previous_errors: ["attempt 1 (ada): It broke."],
  });
  expect(await project.audit()).toEqual([]);
});

test("keeps of the input what is not given anew", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.inline_bytes);
  const id = await project.task({ task_description: "Do it.", context: { is: "old" } });
  const again = async (
    changes: Record<string, string | string[] | Record<string, string>>,
  ): Promise<unknown> => {
    await project.bury((await project.claim("ada")).lease);
    expect(await project.control("retry", { task_ids: [id], changes })).toEqual({ changed: [id] });
    const { task_description, context } = await project.claim("ada");
    expect(await project.audit()).toEqual([]);
    return { task_description, context };
  };
  const changed = (context: unknown, task_description = "Do it.") => ({
    task_description,
    context,
  });
  expect(await again({ context: { is: "new" } })).toEqual(changed({ is: "new" }));
  expect(await again({ context: large })).toEqual(changed(large));
  expect(await again({ task_description: "Better." })).toEqual(changed(large, "Better."));
  expect(await again({ context: [] })).toEqual(changed([], "Better."));
  expect((await project.record(id)).title).toBe("Better.");
});

test("of a task that is not there, or has no input of its own, is refused with a changed context too", async () => {
  const project = newProject();
  const review = { agent_type: "testing", criteria: "It works." };
  await project.task({ options: { review } });
  await project.complete((await project.claim("ada")).lease);
  await project.bury((await project.claim("tess", { agent_type: "testing" })).lease);
  for (const [id, reason] of [
    ["r9t9", "there is no such task"],
    ["r1t2", "it is a review: retry r1t1, which it reviewed"],
  ] as const) {
    const changes = { context: 1 };
    const said = await project.control("retry", { task_ids: [id], changes });
    expect(said).toEqual({ changed: [], refused: [{ task_id: id, reason }] });
  }
});

test("may replace a large input by a small one and the reverse, and removes both in the end", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.inline_bytes);
  const id = await project.task({ context: large });
  for (const context of ["small", large, large]) {
    await project.bury((await project.claim("ada")).lease);
    await project.control("retry", {
      task_ids: [id],
      changes: { task_description: "Again.", context },
    });
    expect(await project.audit()).toEqual([]);
    expect((await project.claim("ada")).context).toEqual(context);
  }
  await project.complete((await project.claim("ada")).lease);
  project.advance(8 * 86_400);
  expect(await project.store.retire()).toBe(1);
  expect(
    Object.keys((await project.dump()).strings).filter((key) => key.startsWith("blob:")),
  ).toEqual([]);
});

test("of all with one code takes 200 at a time, and no other code", async () => {
  const project = newProject();
  for (const size of [200, 30]) {
    const tasks = Array.from({ length: size }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
    }));
    await project.ok(createWorkflow, { name: "Many", agent_type: "implementation", tasks });
  }
  for (let done = 0; done < 230; done += 10) {
    const leases = await project.poll("ada", { max_tasks: 10 });
    await Promise.all(leases.map(({ lease }) => project.bury(lease, "E1")));
  }
  const other = await buried(project, "E1x");
  const first = await project.control("retry", { error_code: "E1" });
  expect(first.changed).toHaveLength(200);
  expect(first.more).toMatch("call again");
  expect(await project.audit()).toEqual([]);
  const second = await project.control("retry", { error_code: "E1" });
  expect(second.changed).toHaveLength(30);
  expect(second.more).toBeUndefined();
  expect(new Set([...first.changed, ...second.changed]).size).toBe(230);
  expect(await project.control("retry", { error_code: "E1" })).toEqual({ changed: [] });
  expect(await letters(project)).toEqual([other]);
  expect(await project.audit()).toEqual([]);
});

test("of all with one code reaches those behind 200 that cannot be retried", async () => {
  const project = newProject();
  const root = await project.task({ agent_type: "planning" });
  const deadline = new Date(project.now() + 60_000).toISOString();
  const tasks = Array.from({ length: LIMITS.control_tasks }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    dependencies: [root],
    options: { deadline },
  }));
  await project.ok(createWorkflow, { name: "Many", agent_type: "implementation", tasks });
  const behind = await project.task({ options: { deadline } });
  project.advance(60);
  await tick(project.store);
  await tick(project.store);
  await project.control("cancel", { task_ids: [root] });
  const { changed, refused } = await project.control("retry", { error_code: "deadline" });
  expect(changed).toEqual([behind]);
  expect(refused).toHaveLength(LIMITS.control_tasks);
  expect(await project.audit()).toEqual([]);
});

test("of all with one code says that the next ones need another idempotency key", async () => {
  const project = newProject();
  const tasks = Array.from({ length: LIMITS.control_tasks }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
  }));
  const options = { start_within_seconds: 60 };
  for (const some of [tasks, tasks.slice(0, 1)]) {
    await project.ok(createWorkflow, { name: "Many", agent_type: "testing", options, tasks: some });
  }
  project.advance(60);
  for (let looks = 0; looks < 2; looks++) await tick(project.store);
  const discard = (idempotency_key: string) =>
    project.control("discard", { error_code: "start_timeout", idempotency_key });
  const first = await discard("a");
  expect(first.more).toMatch("another idempotency_key");
  expect(await discard("a")).toEqual(first);
  expect((await discard("b")).changed).toHaveLength(1);
});

test("of several says of each whether it was done, and why not", async () => {
  const project = newProject();
  const dead = await buried(project, "E1");
  const ready = await project.task();
  const { changed, refused } = await project.control("retry", {
    task_ids: [dead, ready, "r9t9", dead],
  });
  expect(changed).toEqual([dead]);
  expect(refused).toEqual([
    { task_id: ready, reason: "only a failed task can be retried; it is ready" },
    { task_id: "r9t9", reason: "there is no such task" },
  ]);
  expect(await project.audit()).toEqual([]);
});

const wrong: Record<string, object> = {
  "without a target": {},
  "with two targets": { task_ids: ["r1t1"], error_code: "E1" },
  "of a whole run": { run_id: "r1" },
  "of several with a context and no description": {
    task_ids: ["r1t1", "r1t2"],
    changes: { context: 1 },
  },
  "of all with one code with a context and no description": {
    error_code: "E1",
    changes: { context: 1 },
  },
  "with an option that is settled": {
    task_ids: ["r1t1"],
    changes: { options: { assignee: "ada" } },
  },
  "with an unknown change": { task_ids: ["r1t1"], changes: { agent_type: "testing" } },
  "with an id that is none": { task_ids: ["r1"] },
  "with one large input for many": {
    error_code: "E1",
    changes: { task_description: "x".repeat(LIMITS.inline_bytes) },
  },
};

test.each(Object.keys(wrong))("%s is refused and changes nothing", async (name) => {
  const project = newProject();
  await buried(project, "E1");
  const before = await project.dump();
  const refusal = await project.refusal(controlTask, { action: "retry", ...wrong[name] });
  expect(["invalid", "not_found", "too_large"]).toContain(refusal.reason);
  expect(await project.dump()).toEqual(before);
});
