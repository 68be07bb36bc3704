/** `dry_run`: every fault at once, waves and the critical path, and nothing that stays behind. */
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

type Input = z.input<typeof createWorkflow.input>;

function workflow(edges: Readonly<Record<string, readonly string[]>>): Input {
  const tasks = Object.entries(edges).map(([key, dependencies]) => ({
    key,
    task_description: `Do ${key}.`,
    dependencies: [...dependencies],
  }));
  return { name: "Rehearsal", agent_type: "implementation", tasks };
}

/** Neither the call that must come to nothing nor a re-send of it changes anything. */
async function unchanged<T>(project: Project, act: () => Promise<T>): Promise<T> {
  const before = await project.dump();
  const said = await act();
  expect(await project.dump()).toEqual(before);
  return said;
}

test("shows waves and a longest chain, and creates nothing: no run, no lane, no key", async () => {
  const project = newProject();
  const input = {
    ...workflow({ d: ["b", "c"], a: [], b: ["a"], c: ["a"], alone: [], e: ["d", "alone"] }),
    dry_run: true,
    idempotency_key: "flow",
  };
  const said = await unchanged(project, () => project.ok(createWorkflow, input));
  expect(said).toEqual({
    tasks: 6,
    ready: 2,
    waves: [["a", "alone"], ["b", "c"], ["d"], ["e"]],
    critical_path: ["a", "b", "d", "e"],
    note: "Nobody has polled for implementation yet.",
  });
  const { dry_run: _, ...real } = input;
  expect(await project.ok(createWorkflow, real)).toMatchObject({
    run_id: "r1",
    tasks: 6,
    ready: 2,
  });
});

test("tasks that exist and go on are counted, those that ended are not", async () => {
  const project = newProject();
  const done = await project.task();
  await project.complete((await project.claim("ada")).lease);
  const open = await project.task();
  const input = { ...workflow({ a: [done], b: [open], c: ["b"] }), dry_run: true };
  const said = await unchanged(project, () => project.ok(createWorkflow, input));
  expect(said).toMatchObject({
    ready: 1,
    waves: [[open, "a"], ["b"], ["c"]],
    critical_path: [open, "b", "c"],
  });
});

test("a thousand tasks are rehearsed in one call, cut to what a model reads", async () => {
  const project = newProject();
  const chain = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`key-${n}`, n > 0 ? [`key-${n - 1}`] : []]),
  );
  const input = { ...workflow(chain), dry_run: true };
  const said = await unchanged(project, () => project.ok(createWorkflow, input));
  expect(said).toMatchObject({ tasks: 1_000, ready: 1 });
  expect(said.critical_path?.slice(0, 3)).toEqual(["key-0", "key-1", "key-2"]);
  expect(said.more).toMatch("in 1000 waves altogether");
  expect(JSON.stringify(said).length).toBeLessThan(20_000);
});

describe.each([true, false])("dry_run: %s", (dry_run) => {
  test("every fault is said at once, of the graph and of each task, and nothing is created", async () => {
    const project = newProject();
    await project.task();
    const { tasks, ...rest } = workflow({
      a: ["c"],
      b: ["a", "a"],
      c: ["b"],
      self: ["self"],
      test: ["tset"],
      good: ["r1t1"],
    });
    const input = {
      ...rest,
      dry_run,
      tasks: [
        ...tasks,
        { key: "a", task_description: "Again." },
        { key: "odd", task_description: "Odd.", options: { lease_seconds: 0 } },
        { key: "odder", task_description: "Odd.", options: { lease_secnds: 5 } },
        {
          key: "worst",
          task_description: "Odd.",
          context: "x".repeat(300_000),
          options: { trigger_rule: "one_failed", concurrency_limit: 2, locks: ["a/../b"] },
        },
        { key: "never", task_description: "Odd.", options: { trigger_rule: "one_failed" } },
      ],
    };
    const refusal = await unchanged(project, () => project.refusal(createWorkflow, input));
    expect(refusal.reason).toBe("graph");
    for (const fault of [
      'key "a" stands twice',
      'b names "a" twice',
      "self depends on itself",
      'unknown key "tset" in test (did you mean test?)',
      "cycle a → b → c → a",
      "odd.options.lease_seconds",
      "did you mean lease_seconds?",
      "never: trigger_rule one_failed",
      "worst: trigger_rule one_failed",
      "worst.options.concurrency_limit needs a concurrency_key",
      "worst.options.locks[0]",
      "context has 300002 bytes",
    ]) {
      expect(refusal.message).toContain(fault);
    }
    expect(refusal["faults"]).toHaveLength(9);
  });

  test.each<[string, Input, string]>([
    ["a task that does not exist", workflow({ a: ["r7t7"] }), "not_found"],
    ["a task of nobody", { ...workflow({ a: [] }), agent_type: undefined }, "invalid"],
    [
      "a time that cannot be read",
      { ...workflow({ a: [] }), options: { start_at: "soon" } },
      "invalid",
    ],
    [
      "a calendar that cannot be read",
      { ...workflow({ a: [] }), options: { cron: "soon" } },
      "invalid",
    ],
  ])("%s is refused", async (_, input, reason) => {
    const project = newProject();
    await project.task();
    const said = await unchanged(project, () =>
      project.refusal(createWorkflow, { ...input, dry_run }),
    );
    expect(said.reason).toBe(reason);
  });

  test("one lane too many is refused", async () => {
    const project = newProject();
    const tasks = Array.from({ length: 201 }, (_, n) => ({
      key: `k${n}`,
      task_description: "Do it.",
      options: { requires: [`c${n}`] },
    }));
    const input = { name: "Lanes", agent_type: "implementation", tasks, dry_run };
    const said = await unchanged(project, () => project.refusal(createWorkflow, input));
    expect(said.reason).toBe("limit");
  });
});

test("of hundreds of faults the first are said, and how many there are", async () => {
  const project = newProject();
  const many = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`k${n}`, [`missing${n}`]]),
  );
  const { message } = await project.refusal(createWorkflow, workflow(many));
  expect(message).toContain('unknown key "missing0" in k0');
  expect(message).toMatch(/and \d+ more faults\.$/);
  expect(message.length).toBeLessThan(8_000);
});
