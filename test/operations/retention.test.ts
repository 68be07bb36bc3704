/** What has ended is kept for a time, and then goes together with everything that names it. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { tick } from "../../src/operations/tick.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const DAY = 86_400;
const WEEK = LIMITS.run_kept_ms / 1000;
const MONTH = LIMITS.dead_letter_kept_ms / 1000;
const LARGE = "x".repeat(LIMITS.inline_bytes + 1);

/** Removes all that is due; how many tasks that were. */
async function retire(project: Project): Promise<number> {
  let gone = 0;
  for (let batch = await project.store.retire(); batch > 0; batch = await project.store.retire()) {
    gone += batch;
    expect(await project.audit()).toEqual([]);
  }
  expect(await project.audit()).toEqual([]);
  return gone;
}

/** Names of what is stored, but for what tells of the past or of agents. */
async function stored(project: Project): Promise<string[]> {
  const { hashes, sets, strings } = await project.dump();
  return [hashes, sets, strings]
    .flatMap((part) => Object.keys(part))
    .filter((key) => key !== "control" && !key.startsWith("operation:"))
    .toSorted();
}

test("a run that used everything leaves nothing behind", async () => {
  const project = newProject();
  expect(await stored(project)).toEqual([]);
  await project.ok(createWorkflow, {
    name: "Everything",
    agent_type: "implementation",
    idempotency_key: "flow",
    tasks: [
      { key: "a", task_description: "A.", context: LARGE },
      { key: "b", task_description: "B.", dependencies: ["a"] },
      { key: "c", task_description: "C.", dependencies: ["b"] },
    ],
  });
  const task = { agent_type: "implementation", task_description: "D.", dependencies: ["r1t1"] };
  await project.ok(createTask, { ...task, idempotency_key: "task" });
  await project.ok(setSharedState, { key: "plan", value: 1, run_id: "r1" });
  await project.ok(setSharedState, {
    key: "draft",
    value: 1,
    run_id: "r1",
    ttl_seconds: 2 * MONTH,
  });
  const first = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  const second = await project.claim("bob");
  const late = { lease: first.lease, status: "completed", result: LARGE } as const;
  await project.refusal(submitResult, late);
  await project.ok(submitResult, { lease: second.lease, status: "released", result: "notes" });
  await project.complete((await project.claim("eve")).lease, LARGE);
  const rest = await project.poll("ada", { max_tasks: 5 });
  expect(rest).toHaveLength(2);
  await project.bury(rest[0]?.lease ?? "");
  await project.complete(rest[1]?.lease ?? "", "small");
  expect((await stored(project)).filter((key) => key.startsWith("blob:"))).toHaveLength(3);

  project.advance(WEEK - 1);
  expect(await retire(project)).toBe(0);
  project.advance(1);
  expect(await retire(project)).toBe(3);
  expect(await project.refusal(getTaskStatus, { task_id: "r1t1" })).toMatchObject({
    reason: "not_found",
  });
  expect(await project.ok(listTasks, {})).toMatchObject({ tasks: [{ task_id: "r1t2" }] });
  // The dead letter is kept, and so is its run with the notes of that.
  project.advance(MONTH - WEEK);
  expect(await retire(project)).toBe(1);
  expect(await stored(project)).toEqual([]);
  expect(await project.ok(listTasks, {})).toEqual({ tasks: [] });
  const again = await project.ok(createTask, {
    ...task,
    dependencies: [],
    idempotency_key: "task",
  });
  expect(again.task_id).toBe("r2t1");
});

describe("the time", () => {
  test("counts from the end of the run, not of the task", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    await project.complete((await project.claim("ada")).lease);
    project.advance(WEEK + DAY);
    expect(await retire(project)).toBe(0);
    await project.complete((await project.claim("ada")).lease);
    project.advance(WEEK - 1);
    expect(await retire(project)).toBe(0);
    project.advance(1 + DAY);
    expect(await retire(project)).toBe(2);
    expect(await stored(project)).toEqual([]);
  });

  test("counts anew when the run was reopened", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    project.advance(WEEK - 1);
    await project.task({ run_id: "r1" });
    project.advance(2);
    expect(await retire(project)).toBe(0);
    await project.complete((await project.claim("ada")).lease);
    project.advance(2 * WEEK);
    expect(await retire(project)).toBe(2);
    expect(await stored(project)).toEqual([]);
  });

  test("of a dead letter is a month, in which it can be retried", async () => {
    const project = newProject();
    const id = await project.task({ context: LARGE });
    await project.bury((await project.claim("ada")).lease);
    project.advance(MONTH - 1);
    expect(await retire(project)).toBe(0);
    await project.control("retry", { task_ids: [id] });
    expect((await project.claim("ada")).context).toBeDefined();
    await project.bury((await project.claim("ada")).lease);
    project.advance(MONTH);
    expect(await retire(project)).toBe(1);
    expect(await stored(project)).toEqual([]);
  });

  test("of a discarded dead letter is that of its run", async () => {
    const project = newProject();
    const id = await project.task();
    await project.bury((await project.claim("ada")).lease);
    project.advance(DAY);
    await project.control("discard", { task_ids: [id] });
    project.advance(WEEK);
    expect(await retire(project)).toBe(1);
    expect(await stored(project)).toEqual([]);
  });
});

test("a place in the line that is too early removes nothing: the records decide", async () => {
  const project = newProject();
  await project.graph({ dead: [], open: ["dead"], done: [] });
  await project.bury((await project.claim("ada")).lease);
  await project.complete((await project.claim("ada")).lease);
  project.advance(WEEK - 1);
  for (const member of ["a1a1", "a1a2", "a1a3"]) {
    await project.redis.call(["ZADD", `baton:{${project.name}}:line`, "1", member]);
  }
  expect(await retire(project)).toBe(0);
  project.advance(1);
  expect(await retire(project)).toBe(2);
  await project.redis.call(["ZADD", `baton:{${project.name}}:line`, "1", "a1a1"]);
  project.advance(MONTH - WEEK - 1);
  expect(await retire(project)).toBe(0);
  project.advance(1);
  expect(await retire(project)).toBe(1);
  expect(await stored(project)).toEqual([]);
});

test("what is waited for goes only after all that wait for it have heard of its end", async () => {
  const project = newProject();
  const first = await project.task();
  const tasks = Array.from({ length: 150 }, (_, index) => ({
    key: `k${index}`,
    task_description: "Go on.",
    dependencies: [first],
  }));
  for (const name of ["One", "Two"]) {
    await project.ok(createWorkflow, { name, agent_type: "implementation", tasks });
  }
  await project.complete((await project.claim("ada")).lease);
  // More than one call follows.
  expect((await project.dump()).sets["edges"]).not.toBeUndefined();
  project.advance(WEEK);
  expect(await project.store.retire()).toBe(0);
  await tick(project.store);
  expect(await project.audit()).toEqual([]);
  await expect(project.record(first)).rejects.toThrow();
  for (const run_id of ["r2", "r3"]) {
    expect(await project.run(run_id)).toMatchObject({ tasks: 150, open: 150 });
  }
  expect(await project.claim("ada")).toMatchObject({ lease: expect.stringMatching(/^r2t1\.1\./) });
});

test("what never ran goes too: skipped and cancelled tasks, with their edges", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"], c: ["b"], d: [], e: ["d"] });
  await project.bury((await project.claim("ada")).lease);
  await project.control("cancel", { task_ids: ["r1t4"] });
  await project.control("discard", { error_code: "invalid_input" });
  project.advance(WEEK);
  expect(await retire(project)).toBe(5);
  expect(await stored(project)).toEqual([]);
});

test("a task whose dependency is gone runs on without its result", async () => {
  const project = newProject();
  const first = await project.task();
  const start_at = new Date(project.now() + 10 * DAY * 1000).toISOString();
  await project.ok(createWorkflow, {
    name: "Later",
    agent_type: "implementation",
    tasks: [{ key: "b", task_description: "B.", dependencies: [first], options: { start_at } }],
  });
  await project.complete((await project.claim("ada")).lease, "old");
  project.advance(WEEK);
  expect(await retire(project)).toBe(1);
  project.advance(3 * DAY);
  const later = await project.claim("ada");
  expect(later.lease).toMatch("r2t1.1.");
  expect(later.inputs).toBeUndefined();
  await project.complete(later.lease);
  expect(await project.audit()).toEqual([]);
});

test("a skipped task whose dead letter is gone can no longer come back, and goes in its turn", async () => {
  const project = newProject();
  const first = await project.task();
  await project.bury((await project.claim("ada")).lease);
  project.advance(MONTH - DAY);
  await project.graph({ a: [first] });
  project.advance(DAY);
  expect(await retire(project)).toBe(1);
  expect((await project.record("r2t1")).status).toBe("skipped");
  project.advance(WEEK);
  expect(await retire(project)).toBe(1);
  expect(await stored(project)).toEqual([]);
});

test("it proceeds in bounded steps, of which a tick does a few", async () => {
  const project = newProject();
  const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
  for (let run = 0; run < 2; run++) await project.graph(Object.fromEntries(keys));
  for (const run_id of ["r1", "r2"]) await project.control("cancel", { run_id });
  project.advance(WEEK);
  project.upstash.stats.reset();
  expect(await project.store.retire()).toBe(LIMITS.removals_per_step);
  expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(30);
  const { removed } = await tick(project.store);
  expect(removed).toBe(LIMITS.removals_per_visit * LIMITS.removals_per_step);
  expect(await project.audit()).toEqual([]);
  expect(await retire(project)).toBe(150);
  expect(await stored(project)).toEqual([]);
});

test("a crash between the two halves of a step is made up for by the next", async () => {
  const project = newProject();
  await project.task({ context: LARGE });
  await project.complete((await project.claim("ada")).lease, LARGE);
  // Teaches Redis the script, whose text would match below.
  await retire(project);
  project.advance(WEEK);
  // The second half never arrives, nor do its re-sends.
  project.upstash.faults.add({ kind: "drop-request", contains: String.raw`\"remove\"`, next: 4 });
  await expect(project.store.retire()).rejects.toThrow(/no answer/);
  expect(project.upstash.faults.list()).toMatchObject([{ hits: 4 }]);
  project.upstash.faults.clear();
  expect(await project.store.retire()).toBe(1);
  expect(await stored(project)).toEqual([]);
});

test("shared state of the project outlives every run", async () => {
  const project = newProject();
  await project.task();
  await project.ok(setSharedState, { key: "mine", value: 1 });
  await project.ok(setSharedState, { key: "its", value: 1, run_id: "r1" });
  await project.complete((await project.claim("ada")).lease);
  project.advance(WEEK);
  expect(await retire(project)).toBe(1);
  expect(await stored(project)).toEqual(["state", "state_names"]);
});
