/** The audit finds each index that does not fit the records, mends it, and says what it did. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { LANE_WIDTH } from "../../src/domain/order.ts";
import type { RunRecord, TaskRecord } from "../../src/domain/task.ts";
import { audit } from "../../src/operations/audit.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** All pages; what was found. */
async function auditAll(project: Project, repair = true): Promise<string[]> {
  const findings: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    expect(pages).toBeLessThan(100);
    const page = await project.ok(audit, { repair, ...(cursor !== undefined && { cursor }) });
    expect(page.looked).toBeLessThanOrEqual(LIMITS.audit_page);
    findings.push(...page.findings);
    if (page.cursor === undefined) return findings;
    ({ cursor } = page);
  }
}

function after(project: Project, seconds: number): string {
  return new Date(project.now() + seconds * 1000).toISOString();
}

/** A project with a task in each status, and with every kind of timer. */
async function mixed(): Promise<Project> {
  const project = newProject();
  await project.graph({ a: [], b: ["a"], c: ["b"], d: [], e: ["d"] });
  await project.bury((await project.claim("ada")).lease, "E1");
  const options = { deadline: after(project, 900), start_within_seconds: 600 };
  await project.task({ priority: 9, options });
  await project.task({ options: { start_at: after(project, 300), deadline: after(project, 900) } });
  await project.task({ priority: 0, options: { deadline: after(project, 900) } });
  await project.claim("bob", { lease_seconds: 60 });
  await project.task({ priority: 0 });
  await project.complete((await project.claim("eve")).lease);
  await project.task({ dependencies: ["r5t1", "r1t4"] });
  await project.task({ priority: 0 });
  const { lease } = await project.claim("eve");
  await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
  await project.ok(setSharedState, { key: "k", value: 1, ttl_seconds: 100 });
  for (const locks of [["src/"], ["src/a"]]) {
    await project.task({ agent_type: "planning", options: { locks, concurrency_key: "deploy" } });
  }
  await project.poll("lou", { agent_type: "planning", max_tasks: 2 });
  await schedule(project);
  expect(await project.audit()).toEqual([]);
  return project;
}

function schedule(project: Project) {
  const tasks = [{ key: "a", task_description: "A" }];
  const options = { cron: "0 * * * *" };
  return project.ok(createWorkflow, { name: "S", agent_type: "implementation", tasks, options });
}

async function redis(
  project: Project,
  command: string,
  key: string,
  ...args: string[]
): Promise<void> {
  await project.redis.call([command, `baton:{${project.name}}:${key}`, ...args]);
}

async function rewrite(
  project: Project,
  id: string,
  change: Partial<TaskRecord> | Partial<RunRecord>,
): Promise<void> {
  const record = id.includes("t") ? await project.record(id) : await project.run(id);
  const shard = `shard:${/^r(\d+)/.exec(id)?.[1]}`;
  await redis(project, "HSET", shard, id, JSON.stringify({ ...record, ...change }));
}

test("finds nothing in what is sound, and changes nothing", async () => {
  const project = await mixed();
  const before = await project.dump();
  expect(await auditAll(project)).toEqual([]);
  expect(await project.dump()).toEqual(before);
});

/** As JSON these fields are absent. */
const NOT_ENDED: object = { ended_at: undefined, skipped_because: undefined };

/** Each breaks one thing by hand. */
const BROKEN: Record<string, (project: Project) => Promise<void>> = {
  "a run that is not being cancelled any more": async (project) =>
    rewrite(project, "r1", { cancelled: true }),
  "a ready task without a place": (project) => redis(project, "ZREM", "line", "a2a1"),
  "a ready task in another place": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH * 7), "a2a1"),
  "a running task without its timer": (project) => redis(project, "ZREM", "line", "a4a1"),
  "a running task among the ready ones": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH + 1), "a4a1"),
  "a scheduled task without its timer": (project) => redis(project, "ZREM", "line", "a3a1"),
  "a blocked task in the line": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH + 1), "a1a5"),
  "a suspended task in the line": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH + 1), "a7a1"),
  "an ended task that nobody would remove": (project) => redis(project, "ZREM", "line", "a5a1"),
  "an ended task that would be removed too early": (project) =>
    redis(project, "ZADD", "line", "5", "a5a1"),
  "an ended task among the ready ones": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH + 1), "a5a1"),
  "a deadline that nobody watches": (project) => redis(project, "ZREM", "line", "deadline:r4t1"),
  "a time to start that nobody watches": (project) => redis(project, "ZREM", "line", "start:r2t1"),
  "a deadline of a task that has ended": (project) =>
    redis(project, "ZADD", "line", "-5", "deadline:r5t1"),
  "a place of a task that does not exist": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH + 1), "a9a9"),
  "due work on edges of nothing": (project) => redis(project, "ZADD", "line", "-5", "edges:r2t1"),
  "a line that is gone": (project) => redis(project, "ZREMRANGEBYRANK", "line", "0", "-1"),
  "a dead letter that is not listed": (project) => redis(project, "ZREM", "dead", "E1|a1a1"),
  "a dead letter under another code": async (project) => {
    await redis(project, "ZREM", "dead", "E1|a1a1");
    await redis(project, "ZADD", "dead", "0", "E2|a1a1");
  },
  "a task among the dead letters that is none": (project) =>
    redis(project, "ZADD", "dead", "0", "E1|a5a1"),
  "an edge that is missing": (project) => redis(project, "ZREM", "edges", "r1t4|r1t5"),
  "edges that are all gone": (project) => redis(project, "ZREMRANGEBYRANK", "edges", "0", "-1"),
  "an edge to a task that does not wait": (project) =>
    redis(project, "ZADD", "edges", "0", "r1t4|r2t1"),
  "an edge from nowhere": (project) => redis(project, "ZADD", "edges", "0", "r9t1|r1t5"),
  "a task that does not know of its dependents": (project) =>
    rewrite(project, "r1t4", { has_dependents: false }),
  "a dependent that was never told": (project) => {
    const dependencies = [{ task_id: "r1t1", key: "a" }];
    return rewrite(project, "r1t2", {
      status: "blocked",
      dependencies,
      open_dependencies: 1,
      ...NOT_ENDED,
    });
  },
  "a wrong count of open dependencies": (project) =>
    rewrite(project, "r1t5", { open_dependencies: 7 }),
  "a run with wrong counts": (project) => rewrite(project, "r1", { open: 0, failed: 0 }),
  "a run that counts the ends of its tasks wrongly": (project) => {
    const counts = { completed: 1, failed: 0, cancelled: 2, skipped: 0 };
    return rewrite(project, "r1", { counts });
  },
  "a run that takes a task for running": (project) => rewrite(project, "r4", { running: 0 }),
  "a run that does not know a type of its tasks": (project) =>
    rewrite(project, "r1", { agent_types: ["testing"] }),
  "a run that says it has ended": (project) =>
    rewrite(project, "r1", { status: "completed", ended_at: project.now() }),
  "a run that does not end": (project) => rewrite(project, "r5", { open: 2 }),
  "a lock table that is gone": (project) => redis(project, "DEL", "locks"),
  "a waiter that is not listed": (project) => redis(project, "DEL", "parked"),
  "a waiter that is not parked": (project) =>
    redis(project, "ZADD", "parked", "0", "=src/\n0000000000001\na2a1"),
  "a waiter at the head of its lane": (project) =>
    redis(project, "ZADD", "line", String(LANE_WIDTH * 2 + 1), "a8a1"),
  "a lock that is held by what does not run": (project) =>
    redis(project, "HSET", "locks", "=docs", `{"held":["r2t1"]}`),
  "a late lease of what runs": (project) =>
    redis(project, "HSET", "locks", "=docs", `{"late":["r7t1"]}`),
  "a turn of nobody": (project) =>
    redis(project, "HSET", "locks", "=docs", `{"turns":[{"task_id":"r9t9","order":1}]}`),
  "a node that waits for nothing": (project) =>
    redis(project, "HSET", "locks", "=docs", `{"waiting":true}`),
  "a look at waiters that nobody wants": (project) =>
    redis(project, "ZADD", "line", "-5", "unpark:=docs"),
  "a key of the shared state that no prefix finds": (project) =>
    redis(project, "ZREM", "state_names", "project/k"),
  "a name without a key": (project) => redis(project, "ZADD", "state_names", "0", "project/x"),
  "a key of the shared state that would never expire": (project) =>
    redis(project, "ZREM", "line", "state:project/k"),
  "a timer of a key that is gone": (project) => redis(project, "ZADD", "line", "-5", "state:r1/k"),
  "a schedule that nobody watches": (project) => redis(project, "ZREM", "line", "cron:s1"),
  "a schedule that is watched too late": (project) =>
    redis(project, "ZADD", "line", "-1", "cron:s1"),
  "a schedule that is not listed": (project) => redis(project, "HSET", "schedules", "ids", "[]"),
  "a listed schedule that is gone": (project) =>
    redis(project, "HSET", "schedules", "ids", '["s1","s7"]'),
  "a timer of a schedule that is gone": (project) =>
    redis(project, "ZADD", "line", "-5", "cron:s7"),
  "a project that believes nothing to be due": (project) =>
    redis(project, "HSET", "control", "next_due", "0"),
};

test.each(Object.keys(BROKEN))(
  "%s is found, untouched where that is asked, else mended, and then found no more",
  async (name) => {
    const project = await mixed();
    await BROKEN[name]?.(project);
    const before = await project.dump();
    expect((await auditAll(project, false)).length).toBeGreaterThan(0);
    expect(await project.dump()).toEqual(before);
    expect(await project.audit()).not.toEqual([]);
    expect((await auditAll(project)).length).toBeGreaterThan(0);
    // What is told again to dependents is due work, which any call does.
    for (let calls = 0; calls < 3; calls++) await project.ok(getTaskStatus, { task_id: "r1t1" });
    expect(await project.audit()).toEqual([]);
    expect(await auditAll(project)).toEqual([]);
  },
);

test("everything that was lost of a large project is built again from its records, page by page", async () => {
  const project = newProject();
  for (let run = 0; run < 2; run++) {
    const tasks = Array.from({ length: 120 }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
      dependencies: index % 3 === 0 ? [] : [`k${index - (index % 3)}`],
    }));
    await project.ok(createWorkflow, { name: "Large", agent_type: "implementation", tasks });
  }
  for (const { lease } of await project.poll("ada", { max_tasks: 10 })) await project.bury(lease);
  const { sets } = await project.dump();
  for (const key of ["line", "edges", "dead"])
    await redis(project, "ZREMRANGEBYRANK", key, "0", "-1");
  expect((await auditAll(project)).length).toBeGreaterThan(240);
  const places = (of: typeof sets): Map<string, number> =>
    new Map((of["line"] ?? []).filter(([member]) => !member.startsWith("edges:")));
  const built = await project.dump();
  expect(places(built.sets)).toEqual(places(sets));
  expect(built.sets["edges"]).toEqual(sets["edges"]);
  expect(built.sets["dead"]).toEqual(sets["dead"]);
  for (let calls = 0; calls < 20; calls++) await project.ok(getTaskStatus, { task_id: "r1t1" });
  expect(await project.audit()).toEqual([]);
  expect(await auditAll(project)).toEqual([]);
});

test("a page costs a bounded number of commands", async () => {
  const project = await mixed();
  const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
  await project.graph(Object.fromEntries(keys));
  await redis(project, "ZREMRANGEBYRANK", "line", "0", "-1");
  let cursor: string | undefined;
  do {
    project.upstash.stats.reset();
    ({ cursor } = await project.ok(audit, cursor === undefined ? {} : { cursor }));
    expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(40);
  } while (cursor !== undefined);
});

test("a cursor that is none is refused, and so is anybody but an administrator", async () => {
  const project = await mixed();
  for (const cursor of ["", "records:", "line:x", "edges:[a", "dead:-x", "state:x", "names:["]) {
    expect(await project.refusal(audit, { cursor })).toMatchObject({ reason: "invalid" });
  }
  expect(audit.roles).toEqual(["admin"]);
});
