/** Workflows that are too large for one script: all or nothing, at once or after whatever got lost on the way. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { LIMITS } from "../../src/domain/limits.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { tick } from "../../src/operations/tick.ts";
import type { Dump } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Input = z.input<typeof createWorkflow.input>;

/** Tasks by number; `of` says what each depends on. */
function workflow(size: number, of: (number: number) => readonly string[] = () => []): Input {
  const tasks = Array.from({ length: size }, (_, index) => ({
    key: `k${index + 1}`,
    task_description: `Do k${index + 1}.`,
    dependencies: [...of(index + 1)],
  }));
  return { name: "Large", agent_type: "implementation", tasks };
}

/** What is stored, without what every call may leave behind. */
function lasting({ hashes, sets, strings }: Dump): unknown {
  const { control = {}, ...rest } = hashes;
  const { next_due: _, armed: __, generation: ___, run_seq: ____, ...kept } = control;
  const texts = Object.entries(strings).filter(([name]) => !name.startsWith("operation:"));
  return { hashes: { ...rest, control: kept }, sets, texts };
}

async function settle(project: Project, run = "r1"): Promise<void> {
  for (let calls = 0; ; calls++) {
    expect(calls).toBeLessThan(60);
    expect(await project.audit()).toEqual([]);
    const { activated } = await project.run(run);
    if (activated === undefined) return;
    await project.ok(getSharedState, { prefix: "none" });
  }
}

async function countOf(project: Project, status: string): Promise<number> {
  const { hashes } = await project.dump();
  const records = Object.values(hashes).flatMap((fields) => Object.values(fields));
  return records.filter((text) => text.includes(`"status":"${status}"`) && text.includes('"lane"'))
    .length;
}

/** A store whose Worker dies before its call number `calls` + 1. */
function cutAfter({ store }: Project, calls: number): Project["store"] {
  let left = calls;
  const live = (): void => {
    if (left === 0) throw new Error("the Worker died");
    left -= 1;
  };
  return {
    ...store,
    stage: async (batch) => {
      live();
      return store.stage(batch);
    },
    launch: async (launch) => {
      live();
      return store.launch(launch);
    },
  };
}

/** Creates, in a Worker that dies before its call number `calls` + 1. */
async function dieAfter(project: Project, input: Input, calls: number): Promise<void> {
  const dying = { store: cutAfter(project, calls) };
  await expect(project.ok(createWorkflow, input, dying)).rejects.toThrow("died");
}

test("a thousand tasks are one run, in order, and the reply says how many wait for nothing", async () => {
  const project = newProject();
  // Redis learns the scripts.
  await project.ok(createWorkflow, workflow(LIMITS.tasks_per_create + 1));
  await project.control("cancel", { run_id: "r1" });
  for (let calls = 0; calls < 5; calls++) await project.ok(getSharedState, { prefix: "none" });
  const input = workflow(1_000, (number) => (number % 4 === 0 ? [`k${number - 1}`] : []));
  project.upstash.stats.reset();
  expect(await project.ok(createWorkflow, input)).toMatchObject({
    run_id: "r2",
    tasks: 1_000,
    ready: 750,
  });
  const { httpRequests, billed } = project.upstash.stats.snapshot();
  expect(httpRequests).toBe(6);
  expect(billed).toBeLessThan(150);
  await settle(project, "r2");
  expect(await countOf(project, "ready")).toBe(750);
  expect(await countOf(project, "blocked")).toBe(250);
  expect(await project.run("r2")).toMatchObject({ tasks: 1_000, open: 1_000, status: "active" });
  expect(await project.record("r2t1000")).toMatchObject({ title: "Do k1000." });
  expect((await project.dump()).sets["edges"]).toHaveLength(250);
});

test.each(["ticks", "watchdog"] as const)(
  "%s alone put all tasks in their places",
  async (what) => {
    const project = newProject();
    await project.ok(createWorkflow, workflow(1_000));
    for (let looks = 0; (await project.run("r1")).activated !== undefined; looks++) {
      expect(looks).toBeLessThan(10);
      const armed = project.ticks.at(-1) ?? { at: 0, generation: 0 };
      if (what === "watchdog") await tick(project.store, { resend: true });
      else {
        project.advance(Math.max(0, (armed.at - project.now()) / 1000));
        await tick(project.store, { generation: armed.generation });
      }
      expect(await project.audit()).toEqual([]);
    }
    expect(await countOf(project, "ready")).toBe(1_000);
  },
);

describe("while it is staged", () => {
  test("nobody sees anything of it, and nothing can be done to it or hung on it", async () => {
    const project = newProject();
    await project.task({ agent_type: "testing" });
    await dieAfter(project, workflow(500), 2);
    expect(await project.audit()).toEqual([]);
    const visible = await project.ok(listTasks, { limit: 200 });
    expect(visible.tasks.map(({ task_id }) => task_id)).toEqual(["r1t1"]);
    expect((await project.ok(listTasks, { run_id: "r2" })).tasks).toEqual([]);
    expect(await project.poll("ada", { max_tasks: 10 })).toEqual([]);
    const task = { agent_type: "implementation", task_description: "On it." };
    const refusals = [
      await project.refusal(getTaskStatus, { task_id: "r2t1" }),
      await project.refusal(getTaskStatus, { run_id: "r2" }),
      await project.refusal(controlTask, { action: "cancel", run_id: "r2" }),
      await project.refusal(createTask, { ...task, dependencies: ["r2t1"] }),
      await project.refusal(createTask, { ...task, run_id: "r2" }),
      await project.refusal(setSharedState, { key: "k", value: 1, run_id: "r2" }),
    ];
    expect(refusals.map(({ reason }) => reason)).toEqual(Array(6).fill("not_found"));
    const missing = [{ task_id: "r2t1", reason: "there is no such task" }];
    for (const action of ["cancel", "retry", "discard", "promote_late_result"] as const) {
      const done = await project.control(action, { task_ids: ["r2t1"] });
      expect(done).toEqual({ changed: [], refused: missing });
    }
  });

  test.each([1, 2, 3])(
    "it is finished by the same call with its key, after %i calls",
    async (n) => {
      const project = newProject();
      const input = { ...workflow(500), idempotency_key: "flow" };
      await dieAfter(project, input, n);
      const made = await project.ok(createWorkflow, input);
      expect(made).toMatchObject({ run_id: "r1", tasks: 500, ready: 500 });
      expect(await project.ok(createWorkflow, input)).toEqual(made);
      await settle(project);
      expect(await countOf(project, "ready")).toBe(500);
      expect(await project.refusal(createWorkflow, { ...input, name: "Other" })).toMatchObject({
        reason: "idempotency_conflict",
      });
    },
  );

  test("two that finish it at once make it once", async () => {
    const project = newProject();
    const input = { ...workflow(500), idempotency_key: "flow" };
    await dieAfter(project, input, 1);
    const made = await Promise.all([1, 2, 3].map(() => project.ok(createWorkflow, input)));
    expect(new Set(made.map(({ run_id }) => run_id))).toEqual(new Set(["r1"]));
    await settle(project);
    expect(await countOf(project, "ready")).toBe(500);
  });

  test("another call with its key is a conflict", async () => {
    const project = newProject();
    await dieAfter(project, { ...workflow(500), idempotency_key: "flow" }, 1);
    const other = { ...workflow(400), idempotency_key: "flow" };
    expect(await project.refusal(createWorkflow, other)).toMatchObject({
      reason: "idempotency_conflict",
    });
  });

  test("it goes without a trace where nobody goes on with it, large texts included", async () => {
    const project = newProject();
    const before = lasting(await project.dump());
    const input = { ...workflow(500), idempotency_key: "flow" };
    input.tasks[3] = { ...input.tasks[3], key: "k4", task_description: "x".repeat(5_000) };
    await dieAfter(project, input, 2);
    expect(Object.keys((await project.dump()).strings).join()).toMatch("blob:");
    project.advance(LIMITS.staging_kept_ms / 1000 - 1);
    await tick(project.store);
    expect(await countOf(project, "blocked")).toBe(400);
    project.advance(1);
    for (let visits = 0; visits < 3; visits++) {
      await tick(project.store);
      expect(await project.audit()).toEqual([]);
    }
    // Its lane goes later, or is taken again.
    const lanes = { "lanes:implementation": '[{"id":1,"tasks":0}]', lane_seq: "1" };
    const after = lasting(await project.dump()) as { hashes: { control: object } };
    const {
      tidy_at: _,
      tidy_from: __,
      ...control
    } = after.hashes.control as Record<string, string>;
    expect(control).toEqual(lanes);
    expect({ ...after, hashes: { ...after.hashes, control: {} } }).toEqual(before);
    expect(await project.ok(createWorkflow, input)).toMatchObject({ run_id: "r2", tasks: 500 });
  });

  test("what has begun to be removed is not gone on with", async () => {
    const project = newProject();
    const input = { ...workflow(500), idempotency_key: "flow" };
    await dieAfter(project, input, 2);
    project.advance(LIMITS.staging_kept_ms / 1000);
    await project.store.retire();
    expect(await countOf(project, "blocked")).toBe(400 - LIMITS.removals_per_step);
    expect(await project.ok(createWorkflow, input)).toMatchObject({ run_id: "r2" });
    for (let visits = 0; visits < 4; visits++) await tick(project.store);
    expect(await project.audit()).toEqual([]);
    expect(await project.ok(createWorkflow, input)).toMatchObject({ run_id: "r2" });
    expect(await project.run("r2")).toMatchObject({ tasks: 500, status: "active" });
  });
});

describe("what cannot be created", () => {
  test.each<[string, Partial<Input>, string]>([
    [
      "an unknown task of the last batch",
      workflow(500, (n) => (n === 500 ? ["r9t9"] : [])),
      "not_found",
    ],
    ["a cycle across batches", workflow(500, (n) => [`k${(n % 500) + 1}`]), "graph"],
    ["too many lanes", lanes(500), "limit"],
  ])("%s leaves nothing behind", async (_, input, reason) => {
    const project = newProject();
    const before = await project.dump();
    const refusal = await project.refusal(createWorkflow, { ...workflow(500), ...input });
    expect(refusal.reason).toBe(reason);
    expect(await project.dump()).toEqual(before);
  });

  test("more than a thousand tasks are refused", () => {
    expect(createWorkflow.input.safeParse(workflow(1_001)).success).toBe(false);
  });
});

function lanes(size: number): Input {
  const { tasks, ...rest } = workflow(size);
  const apart = tasks.map(({ key, task_description }, index) => ({
    key,
    task_description,
    options: { requires: [`c${index}`] },
  }));
  return { ...rest, tasks: apart };
}

describe("before all tasks are in their places", () => {
  test("one that is not yet can be cancelled, and what waits for it is skipped", async () => {
    const project = newProject();
    await project.ok(
      createWorkflow,
      workflow(1_000, (n) => (n === 999 ? ["k1000"] : [])),
    );
    expect((await project.record("r1t1000")).staged).toBe(true);
    const told = await project.ok(getTaskStatus, { task_id: "r1t1000", detail: "why" });
    expect(told).toMatchObject({ status: "blocked", why: expect.stringMatching("in its place") });
    await project.control("cancel", { task_ids: ["r1t1000"] });
    await settle(project);
    expect((await project.record("r1t1000")).status).toBe("cancelled");
    expect((await project.record("r1t999")).status).toBe("skipped");
  });

  test("the run can be cancelled as a whole", async () => {
    const project = newProject();
    await project.ok(
      createWorkflow,
      workflow(1_000, (n) => (n > 1 ? [`k${n - 1}`] : [])),
    );
    await project.control("cancel", { run_id: "r1" });
    for (let calls = 0; (await project.run("r1")).open > 0; calls++) {
      expect(calls).toBeLessThan(40);
      expect(await project.audit()).toEqual([]);
      await project.ok(getSharedState, { prefix: "none" });
    }
    expect(await countOf(project, "cancelled")).toBe(1_000);
  });

  test("a dependency outside that ended meanwhile is known", async () => {
    const project = newProject();
    const [good, bad] = [await project.task({ priority: 0 }), await project.task({ priority: 0 })];
    await project.ok(
      createWorkflow,
      workflow(900, (n) => (n === 800 ? [good] : n === 900 ? [bad] : n === 850 ? ["k900"] : [])),
    );
    await project.complete((await project.claim("ada")).lease);
    await project.bury((await project.claim("ada")).lease);
    for (let calls = 0; (await project.run("r3")).activated !== undefined; calls++) {
      expect(calls).toBeLessThan(40);
      expect(await project.audit()).toEqual([]);
      await project.ok(getSharedState, { prefix: "none" });
    }
    const ids = ["r3t800", "r3t850", "r3t900"];
    const statuses = await Promise.all(ids.map(async (id) => (await project.record(id)).status));
    expect(statuses).toEqual(["ready", "skipped", "skipped"]);
  });
});

test("tasks whose root fails in the call that activates them are told, like all others", async () => {
  const project = newProject();
  const input = workflow(300, (number) => (number > 1 ? ["k1"] : []));
  const deadline = new Date(project.now() + 60_000).toISOString();
  const [root, ...rest] = input.tasks;
  if (!root) throw new Error("there is a first task");
  await project.ok(createWorkflow, {
    ...input,
    tasks: [{ ...root, options: { deadline } }, ...rest],
  });
  const before = (await project.run("r1")).activated ?? 300;
  expect(before).toBeLessThan(300);
  project.advance(60);
  await settle(project);
  for (let calls = 0; (await countOf(project, "blocked")) > 0; calls++) {
    expect(calls).toBeLessThan(20);
    await project.ok(getSharedState, { prefix: "none" });
  }
  expect(await countOf(project, "skipped")).toBe(299);
  expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0 });
  expect(await project.audit()).toEqual([]);
});
