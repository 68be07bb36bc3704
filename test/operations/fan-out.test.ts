/** Many edges at one task: each call does a bounded part, later calls of anybody do the rest. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** One task, and `count` that wait for it, in runs of at most 200. */
async function fanOut(project: Project, count: number): Promise<string> {
  const root = await project.task();
  for (let made = 0; made < count; made += LIMITS.tasks_per_create) {
    const size = Math.min(LIMITS.tasks_per_create, count - made);
    const tasks = Array.from({ length: size }, (_, index) => ({
      key: `k${index}`,
      task_description: "Do it.",
      dependencies: [root],
    }));
    await project.ok(createWorkflow, { name: "Fan", agent_type: "implementation", tasks });
  }
  return root;
}

async function count(project: Project, status: string): Promise<number> {
  const { hashes } = await project.dump();
  const records = Object.values(hashes).flatMap((fields) => Object.values(fields));
  return records.filter((text) => text.includes(`"status":"${status}"`) && text.includes('"lane"'))
    .length;
}

test("550 dependents become ready in bounded steps that any call carries on", async () => {
  const project = newProject();
  const root = await fanOut(project, 550);
  await project.complete((await project.claim("ada")).lease);
  expect(await project.audit()).toEqual([]);
  let ready = await count(project, "ready");
  expect(ready).toBeGreaterThan(0);
  for (let calls = 0; ready < 550; calls++) {
    expect(calls).toBeLessThan(10);
    await project.ok(getTaskStatus, { task_id: root });
    expect(await project.audit()).toEqual([]);
    const now = await count(project, "ready");
    expect(now - ready).toBeGreaterThan(0);
    expect(now - ready).toBeLessThanOrEqual(LIMITS.edges_per_call);
    ready = now;
  }
  expect((await project.dump()).sets["edges"]).toBeUndefined();
});

test("a skip of 550 tasks, each with one behind it, reaches all of them and ends their runs", async () => {
  const project = newProject();
  const root = await fanOut(project, 450);
  const behind = Array.from({ length: 100 }, (_, index) => ({
    key: `b${index}`,
    task_description: "Behind.",
    dependencies: [`r2t${index + 1}`],
  }));
  await project.ok(createWorkflow, { name: "Behind", agent_type: "implementation", tasks: behind });
  const { lease } = await project.claim("ada");
  await project.bury(lease);
  for (let calls = 0; (await count(project, "blocked")) > 0; calls++) {
    expect(calls).toBeLessThan(15);
    expect(await project.audit()).toEqual([]);
    await project.ok(getTaskStatus, { task_id: root });
  }
  expect(await count(project, "skipped")).toBe(550);
  for (const run of ["r2", "r3", "r4", "r5"]) {
    expect(await project.run(run)).toMatchObject({ status: "completed", open: 0 });
  }
  expect(await project.audit()).toEqual([]);
});

test("however many tasks one call ends, it follows a bounded number of their edges", async () => {
  const project = newProject();
  const roots = Array.from({ length: 10 }, (_, index) => `r1t${index + 1}`);
  await project.graph(Object.fromEntries(roots.map((root) => [root.replace("r1", ""), []])));
  for (let run = 2; run <= 4; run++) {
    const leaves = roots.flatMap((root) =>
      Array.from({ length: 12 }, (_, index) => [`${root}-${index}`, [root]] as const),
    );
    await project.graph(Object.fromEntries(leaves));
  }
  await project.control("cancel", { task_ids: roots });
  // As many again as its sweep finds due.
  let skipped = await count(project, "skipped");
  expect(skipped).toBeGreaterThan(0);
  expect(skipped).toBeLessThanOrEqual(2 * LIMITS.edges_per_call);
  for (let calls = 0; skipped < 360; calls++) {
    expect(calls).toBeLessThan(10);
    expect(await project.audit()).toEqual([]);
    await project.ok(getTaskStatus, { run_id: "r1" });
    skipped = await count(project, "skipped");
  }
  expect(await project.run("r4")).toMatchObject({ status: "completed", open: 0 });
  expect(await project.audit()).toEqual([]);
});

test("a task may wait for a hundred others, and no more", async () => {
  const project = newProject();
  const keys = Array.from({ length: LIMITS.dependencies }, (_, index) => `k${index}`);
  await project.graph({ ...Object.fromEntries(keys.map((key) => [key, []])), end: keys });
  expect((await project.record("r1t101")).open_dependencies).toBe(100);
  for (let done = 0; done < keys.length; done += 10) {
    const tasks = await project.poll("ada", { max_tasks: 10 });
    await Promise.all(tasks.map(({ lease }) => project.complete(lease)));
  }
  expect((await project.record("r1t101")).status).toBe("ready");
  expect(await project.audit()).toEqual([]);
  const refusal = await project.refusal(createWorkflow, {
    name: "Wide",
    agent_type: "implementation",
    tasks: [
      ...[...keys, "one-more"].map((key) => ({ key, task_description: "Do it." })),
      { key: "end", task_description: "Do it.", dependencies: [...keys, "one-more"] },
    ],
  });
  expect(refusal).toMatchObject({ reason: "limit" });
});

test("more edges than Lua passes on at once are created all or nothing, and each of them counts", async () => {
  const project = newProject();
  const side = 65;
  const first = Array.from({ length: side }, (_, index) => `a${index}`);
  const second = Array.from({ length: side }, (_, index) => `b${index}`);
  await project.graph(
    Object.fromEntries([
      ...first.map((key) => [key, []] as const),
      ...second.map((key) => [key, first] as const),
    ]),
  );
  expect((await project.dump()).sets["edges"]).toHaveLength(side * side);
  expect(await project.audit()).toEqual([]);
  for (let done = 0; done < side; done += 5) {
    const tasks = await project.poll("ada", { max_tasks: 5 });
    await Promise.all(tasks.map(({ lease }) => project.complete(lease)));
  }
  for (let calls = 0; (await count(project, "blocked")) > 0; calls++) {
    expect(calls).toBeLessThan(100);
    await project.ok(getTaskStatus, { run_id: "r1" });
  }
  expect(await count(project, "ready")).toBe(side);
  expect(await project.audit()).toEqual([]);
});

test("a workflow may wait for thousands of tasks that exist already", async () => {
  const project = newProject();
  const ids: string[] = [];
  for (let run = 1; run <= 25; run++) {
    const keys = Array.from({ length: 200 }, (_, index) => [`k${index}`, []] as const);
    await project.graph(Object.fromEntries(keys));
    ids.push(...keys.map((_, index) => `r${run}t${index + 1}`));
  }
  const dependents = Array.from(
    { length: 50 },
    (_, index) => [`end${index}`, ids.slice(index * 100, index * 100 + 100)] as const,
  );
  const run = await project.graph(Object.fromEntries(dependents));
  expect(await project.run(run)).toMatchObject({ open: 50, status: "active" });
  expect(await project.audit()).toEqual([]);
});
