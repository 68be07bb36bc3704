/** When a task runs by its `trigger_rule`, whatever becomes of its dependencies, in whatever order. */
import { describe, expect, test } from "vitest";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Rule = "all_success" | "all_done" | "one_failed";

/** Two tasks, one that waits for both by the rule, and one that waits for that. */
async function diamond(project: Project, trigger_rule: Rule): Promise<void> {
  await project.ok(createWorkflow, {
    name: "Rules",
    agent_type: "implementation",
    tasks: [
      { key: "a", task_description: "A." },
      { key: "b", task_description: "B." },
      {
        key: "end",
        task_description: "End.",
        dependencies: ["a", "b"],
        options: { trigger_rule },
      },
      { key: "behind", task_description: "Behind.", dependencies: ["end"] },
    ],
  });
}

type End = "completed" | "failed" | "cancelled";

async function bring(project: Project, task_id: string, end: End): Promise<void> {
  if (end === "cancelled") {
    await project.control("cancel", { task_ids: [task_id] });
    return;
  }
  const tasks = await project.poll("ada", { max_tasks: 2 });
  const lease = tasks.find((task) => task.lease.startsWith(`${task_id}.`))?.lease ?? "";
  await (end === "failed" ? project.bury(lease, "E7") : project.complete(lease, task_id));
}

async function statusOf(project: Project, task_id: string): Promise<string> {
  expect(await project.audit()).toEqual([]);
  return (await project.record(task_id)).status;
}

/** Ends of both dependencies, in this order; what the dependent is after the first and after the second. */
const CASES: Record<Rule, [first: End, second: End, after: string, then: string][]> = {
  all_success: [
    ["completed", "completed", "blocked", "ready"],
    ["completed", "failed", "blocked", "skipped"],
    ["failed", "completed", "skipped", "skipped"],
    ["cancelled", "completed", "skipped", "skipped"],
  ],
  all_done: [
    ["completed", "completed", "blocked", "ready"],
    ["failed", "completed", "blocked", "ready"],
    ["completed", "failed", "blocked", "ready"],
    ["failed", "failed", "blocked", "ready"],
    ["cancelled", "failed", "blocked", "ready"],
    ["cancelled", "cancelled", "blocked", "ready"],
  ],
  one_failed: [
    ["completed", "completed", "blocked", "skipped"],
    ["failed", "completed", "ready", "ready"],
    ["completed", "failed", "blocked", "ready"],
    ["cancelled", "completed", "blocked", "skipped"],
    ["cancelled", "failed", "blocked", "ready"],
    ["cancelled", "cancelled", "blocked", "skipped"],
  ],
};

describe.each(Object.entries(CASES))("%s", (rule, cases) => {
  test.each(cases)("%s, then %s: %s, then %s", async (first, second, after, then) => {
    for (const [one, other] of [
      ["r1t1", "r1t2"],
      ["r1t2", "r1t1"],
    ] as const) {
      const project = newProject();
      await diamond(project, rule as Rule);
      await bring(project, one, first);
      expect(await statusOf(project, "r1t3")).toBe(after);
      await bring(project, other, second);
      // Whoever worked on the second dependency may hold it by now.
      expect([then, "running"]).toContain(await statusOf(project, "r1t3"));
      expect(await statusOf(project, "r1t4")).toBe(then === "skipped" ? "skipped" : "blocked");
      const told = factsOf(await project.dump()).filter(({ task_id }) => task_id === "r1t3");
      expect(told.map(({ type }) => type).slice(0, 2)).toEqual([
        "task.created",
        then === "skipped" ? "task.skipped" : "task.ready",
      ]);
    }
  });
});

describe("a task whose dependencies have ended before it is created", () => {
  test.each([
    ["all_done", "completed", "ready"],
    ["all_done", "failed", "ready"],
    ["all_done", "cancelled", "ready"],
    ["one_failed", "completed", "skipped"],
    ["one_failed", "failed", "ready"],
    ["one_failed", "cancelled", "skipped"],
  ] as const)("with %s after %s is %s at once", async (trigger_rule, end, due) => {
    const project = newProject();
    await project.task();
    await bring(project, "r1t1", end);
    const made = await project.ok(createTask, {
      agent_type: "implementation",
      task_description: "After.",
      dependencies: ["r1t1"],
      options: { trigger_rule },
    });
    expect(made).toMatchObject({ task_id: "r1t2", status: due });
    expect(await project.audit()).toEqual([]);
  });
});

test("without dependencies all_done runs at once, and one_failed is refused", async () => {
  const project = newProject();
  await project.task({ options: { trigger_rule: "all_done" } });
  expect(await statusOf(project, "r1t1")).toBe("ready");
  const refusal = await project.refusal(createTask, {
    agent_type: "implementation",
    task_description: "Never.",
    options: { trigger_rule: "one_failed" },
  });
  expect(refusal).toMatchObject({ reason: "invalid" });
});

describe("a dead letter that is retried", () => {
  test("leaves alone what ran because it failed, and what ran although it failed", async () => {
    const project = newProject();
    const root = await project.task();
    for (const trigger_rule of ["all_done", "one_failed"] as const) {
      await project.task({ dependencies: [root], options: { trigger_rule } });
    }
    await bring(project, root, "failed");
    const [first, second] = await project.poll("bob", { max_tasks: 2 });
    await project.complete(first?.lease ?? "");
    await project.control("retry", { task_ids: [root] });
    expect(await statusOf(project, "r1t2")).toBe("completed");
    expect(await statusOf(project, "r1t3")).toBe("running");
    await project.complete(second?.lease ?? "");
    await bring(project, root, "completed");
    expect(await statusOf(project, "r1t3")).toBe("completed");
    expect(await project.run("r1")).toMatchObject({ status: "completed", failed: 0 });
  });

  test("brings back what waited for a failure further up, and skips it again if all goes well", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    await project.task({ dependencies: ["r1t2"], options: { trigger_rule: "one_failed" } });
    await bring(project, "r1t1", "failed");
    // It was skipped and did not fail.
    expect(await statusOf(project, "r1t3")).toBe("skipped");
    await project.control("retry", { task_ids: ["r1t1"] });
    expect(await statusOf(project, "r1t3")).toBe("blocked");
    await bring(project, "r1t1", "completed");
    await bring(project, "r1t2", "completed");
    expect(await statusOf(project, "r1t3")).toBe("skipped");
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0 });
  });

  test("brings back what waited for a failure further up, which runs once that comes", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"] });
    await project.task({ dependencies: ["r1t2"], options: { trigger_rule: "one_failed" } });
    await bring(project, "r1t1", "failed");
    await project.control("retry", { task_ids: ["r1t1"] });
    await bring(project, "r1t1", "completed");
    await bring(project, "r1t2", "failed");
    expect(await statusOf(project, "r1t3")).toBe("ready");
  });
});

test("a worker hears which dependencies ended without a result, and why they failed", async () => {
  const project = newProject();
  await diamond(project, "all_done");
  await bring(project, "r1t1", "failed");
  await bring(project, "r1t2", "cancelled");
  expect((await project.claim("eve")).inputs).toEqual({
    a: {
      status: "failed",
      error: { message: "It broke.", code: "E7", category: "invalid_input" },
    },
    b: { status: "cancelled" },
  });
});

test("a worker that acts on a failure hears of that, of the results, and nothing of what still runs", async () => {
  const project = newProject();
  await project.graph({ a: [], b: [], c: [] });
  await project.task({
    dependencies: ["r1t1", "r1t2", "r1t3"],
    options: { trigger_rule: "one_failed" },
  });
  const leases = (await project.poll("ada", { max_tasks: 3 })).map(({ lease }) => lease);
  await project.complete(leases[1] ?? "", "fine");
  await project.bury(leases[2] ?? "");
  const { inputs } = await project.claim("eve");
  expect(Object.keys(inputs ?? {})).toEqual(["r1t2", "r1t3"]);
  expect(inputs).toMatchObject({ r1t2: "fine", r1t3: { status: "failed" } });
});

test.each([
  ["all_success", "Waits for r1t1, r1t2 to complete."],
  ["all_done", "Waits for r1t1, r1t2 to end."],
  ["one_failed", "Waits for r1t1, r1t2 (it runs only if one of them fails)."],
] as const)("what a task with %s waits for is told as it is", async (rule, why) => {
  const project = newProject();
  await diamond(project, rule);
  const told = await project.ok(getTaskStatus, { task_id: "r1t3", detail: "why" });
  expect(told).toMatchObject({ waits_for: "r1t1, r1t2" });
  expect(told["why"]).toContain(why);
});

test("a task that waited for a failure in vain says so", async () => {
  const project = newProject();
  await diamond(project, "one_failed");
  await bring(project, "r1t1", "completed");
  await bring(project, "r1t2", "completed");
  expect(await project.ok(getTaskStatus, { task_id: "r1t3", detail: "why" })).toMatchObject({
    status: "skipped",
    why: "Skipped because none of its dependencies failed.",
  });
});
