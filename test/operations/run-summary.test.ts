/** What a run says of itself: how far it is, and once it has ended what came of it and what it used up. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { readInput } from "../../src/operations/input.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function shown(project: Project, run_id: string, detail: "brief" | "full" = "brief") {
  return project.ok(getTaskStatus, { run_id, detail });
}

describe("a run that has ended", () => {
  test("sums up how its tasks ended, and how long it took", async () => {
    const project = newProject();
    const run_id = await project.graph({ a: [], b: [], c: ["b"], d: [] });
    expect(await shown(project, run_id)).not.toHaveProperty("summary");
    await project.complete((await project.claim("ada")).lease);
    await project.bury((await project.claim("ada")).lease);
    project.advance(90);
    await project.control("cancel", { task_ids: [`${run_id}t4`] });

    expect(await shown(project, run_id)).toMatchObject({
      status: "failed",
      summary: { completed: 1, failed: 1, skipped: 1, cancelled: 1, seconds: 90 },
    });
    expect(await project.audit()).toEqual([]);
  });

  test("says nothing of what did not happen", async () => {
    const project = newProject();
    await project.task();
    await project.complete((await project.claim("ada")).lease);
    expect((await shown(project, "r1"))["summary"]).toEqual({ completed: 1, seconds: 0 });
  });

  test("is cancelled if it was cancelled, whatever its tasks came to", async () => {
    const project = newProject();
    const run_id = await project.graph({ a: [], b: [] });
    await project.bury((await project.claim("ada")).lease);
    await project.control("cancel", { run_id });
    expect(await shown(project, run_id)).toMatchObject({
      status: "cancelled",
      summary: { failed: 1, cancelled: 1 },
    });
  });

  test("goes on without a summary when a dead letter is retried, and then counts it as what it became", async () => {
    const project = newProject();
    const task_id = await project.task();
    await project.bury((await project.claim("ada")).lease);
    await project.control("retry", { task_ids: [task_id] });
    expect(await shown(project, "r1")).not.toHaveProperty("summary");
    await project.complete((await project.claim("ada")).lease);
    expect(await shown(project, "r1")).toMatchObject({
      status: "completed",
      summary: { completed: 1 },
    });
    expect(await project.audit()).toEqual([]);
  });
});

test("a run that goes on says in full how far it is", async () => {
  const project = newProject();
  const run_id = await project.graph({ a: [], b: [], c: [] });
  await project.complete((await project.claim("ada")).lease);
  await project.claim("ada");
  const full = await shown(project, run_id, "full");
  expect(full).toMatchObject({ status: "active", open: 2, running: 1, completed: 1 });
});

describe("usage", () => {
  const usage = { input_tokens: 1_200, cost_usd: 0.1 };

  test("is summed over the attempts of a task and over the tasks of a run", async () => {
    const project = newProject();
    const run_id = await project.graph({ a: [], b: [] });
    const first = await project.claim("ada");
    const error = { message: "No." };
    await project.ok(submitResult, { lease: first.lease, status: "failed", error, usage });
    const second = await project.claim("ada");
    await project.ok(submitResult, { lease: second.lease, status: "released", usage });
    project.advance(700);
    for (const { lease } of await project.poll("bob", { max_tasks: 2 })) {
      await project.ok(submitResult, { lease, status: "completed", usage: { cost_usd: 0.2 } });
    }

    const tasks = await Promise.all(["a", "b"].map((_, n) => project.record(`${run_id}t${n + 1}`)));
    expect(tasks.map((task) => task.usage)).toEqual([
      { input_tokens: 1_200, cost_usd: 0.3 },
      { input_tokens: 1_200, cost_usd: 0.3 },
    ]);
    const { summary } = await shown(project, run_id);
    expect(summary).toMatchObject({ usage: { input_tokens: 2_400, cost_usd: 0.6 } });
    const full = await project.ok(getTaskStatus, { task_id: `${run_id}t1`, detail: "full" });
    expect(full).toMatchObject({ usage: { input_tokens: 1_200, cost_usd: 0.3 } });
  });

  test("counts once, however often the submit arrives, and also of a result that came too late", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 10 });
    project.advance(11);
    const later = await project.claim("bob");
    const submit = { status: "completed", result: 1, usage: { input_tokens: 5 } } as const;
    for (const one of [lease, lease, later.lease, later.lease]) {
      await project.call(submitResult, { lease: one, ...submit });
    }
    expect((await project.run("r1")).usage).toEqual({ input_tokens: 10 });
  });

  test("may hold what a provider adds to its numbers", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const given = '{"input_tokens":7,"model":"m-1","cache":{"read":3},"tier":null}';
    const read = readInput(submitResult, { lease, status: "completed", usage: given });
    if (!read.ok) throw new Error(read.refusal.message);
    await project.ok(submitResult, read.value);
    expect((await project.run("r1")).usage).toEqual({ input_tokens: 7 });
  });

  test.each([
    { input_tokens: -1 },
    { cost_usd: 1e13 },
    { "": 1 },
    Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`n${n}`, n])),
  ])("that would falsify a sum is refused, and the task is kept: %j", async (wrong) => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada");
    const refusal = await project.refusal(submitResult, {
      lease,
      status: "completed",
      usage: wrong,
    });
    expect(refusal).toMatchObject({ reason: "invalid", parameters: ["usage"] });
    expect(refusal.message).toContain("You still hold the task.");
    await project.complete(lease);
  });

  test("sums a bounded number of names", async () => {
    const project = newProject();
    await project.task();
    for (let round = 0; round < 4; round++) {
      const { lease } = await project.claim("ada");
      const names = Array.from({ length: LIMITS.usage_names }, (_, n) => [`n${round}_${n}`, 1]);
      const usage = Object.fromEntries(names) as Record<string, number>;
      await project.ok(submitResult, { lease, status: "released", usage });
      project.advance(61);
    }
    const { usage = {} } = await project.run("r1");
    expect(Object.keys(usage)).toHaveLength(LIMITS.usage_names_kept);
  });
});
