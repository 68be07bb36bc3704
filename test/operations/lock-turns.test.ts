/** Who goes first where locks overlap: nobody starves, and nobody is held back by a task that nobody takes. */
import { describe, expect, test } from "vitest";
import { PRIORITY_STEP_MS } from "../../src/domain/order.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function claimed(project: Project, agent_id: string, agent_type = "implementation") {
  const tasks = await project.poll(agent_id, { agent_type, max_tasks: 10 });
  return tasks.map(({ lease }) => lease.split(".")[0] ?? "");
}

async function why(project: Project, task_id: string): Promise<string> {
  return String((await project.ok(getTaskStatus, { task_id, detail: "why" }))["why"]);
}

/** Ada holds src/a, and a task for all of src/ waits; returns its id and ada's lease. */
async function wideWaiter(project: Project) {
  await project.task({ priority: 0, options: { locks: ["src/a"] } });
  const { lease } = await project.claim("ada");
  const wide = await project.task({ options: { locks: ["src/"] } });
  expect(await claimed(project, "bob")).toEqual([]);
  return { wide, lease };
}

const narrow = (project: Project, name: string): Promise<string> =>
  project.task({ options: { locks: [`src/${name}`] } });

test("before its order has come a waiter holds back nobody", async () => {
  const project = newProject();
  const { wide } = await wideWaiter(project);
  project.advance((5 * PRIORITY_STEP_MS) / 1000 - 1);
  const newer = await narrow(project, "b");
  expect(await claimed(project, "bob")).toEqual([newer]);
  expect((await project.record(wide)).parked).toBe("<src/");
});

test("past its ageing bound a waiter holds back newer tasks that overlap, and no others", async () => {
  const project = newProject();
  const { wide, lease } = await wideWaiter(project);
  project.advance((5 * PRIORITY_STEP_MS) / 1000);
  const newer = await narrow(project, "b");
  const other = await project.task({ options: { locks: ["docs"] } });
  expect(await claimed(project, "bob")).toEqual([other]);
  expect(await why(project, newer)).toBe(`Waits for lock src/; ${wide} goes first.`);
  expect(await project.audit()).toEqual([]);
  await project.complete(lease);
  expect(await claimed(project, "cyd")).toEqual([wide]);
  expect(await why(project, newer)).toBe(`Waits for lock src/, held by cyd (${wide}).`);
  expect(await project.audit()).toEqual([]);
});

test("an endless stream of narrow locks does not keep a wide one waiting for ever", async () => {
  const project = newProject();
  const { wide, lease } = await wideWaiter(project);
  await project.complete(lease);
  // Somebody holds a part of it at every moment.
  await narrow(project, "n0");
  let last = await project.claim("bob");
  const started = project.now();
  for (let name = 1; last.lease.split(".")[0] !== wide; name++) {
    expect(project.now() - started).toBeLessThan(11 * 60_000);
    project.advance(30);
    await project.task({ priority: 0, options: { locks: [`src/n${name}`] } });
    const [next] = await project.poll(`agent-${name}`);
    await project.complete(last.lease);
    const [freed] = next ? [next] : await project.poll(`agent-${name}`);
    if (freed) last = freed;
  }
  expect(await project.audit()).toEqual([]);
});

test("a waiter that was called goes before newer ones for a minute, and not longer", async () => {
  const project = newProject();
  await project.task({ priority: 0, options: { locks: ["src/"] } });
  const { lease } = await project.claim("ada");
  const options = { locks: ["src/"] };
  const first = await project.task({ agent_type: "testing", options });
  expect(await claimed(project, "tess", "testing")).toEqual([]);
  await project.complete(lease);
  expect((await project.record(first)).parked).toBeUndefined();
  // Nobody of that type polls now.
  const second = await project.task({ options });
  expect(await claimed(project, "bob")).toEqual([]);
  expect(await why(project, second)).toMatch(`${first} goes first`);
  project.advance(60);
  expect(await claimed(project, "bob")).toEqual([second]);
  expect(await project.audit()).toEqual([]);
});

test("a task that is parked keeps its place when its priority changes, by its new order", async () => {
  const project = newProject();
  const options = { locks: ["src/"] };
  await project.task({ priority: 0, options });
  const { lease } = await project.claim("ada");
  const first = await project.task({ options });
  const second = await project.task({ options });
  await project.poll("bob");
  await project.control("set_priority", { task_ids: [second], changes: { priority: 0 } });
  expect(await project.audit()).toEqual([]);
  await project.complete(lease);
  expect(await claimed(project, "bob")).toEqual([second]);
  expect((await project.record(first)).parked).toBe("=src/");
  expect(await project.audit()).toEqual([]);
});

describe("why a task waits", () => {
  test("names the lock and who holds it", async () => {
    const project = newProject();
    await project.task({ priority: 0, options: { locks: ["src/a"] } });
    const id = await project.task({ options: { locks: ["src/a"] } });
    await project.claim("bob");
    await project.poll("ada");
    expect(await why(project, id)).toBe("Waits for lock src/a, held by bob (r1t1).");
    expect(await project.ok(getTaskStatus, { task_id: id })).toMatchObject({
      waits_for: "lock src/a",
    });
  });

  test("says who holds a part of a directory", async () => {
    const project = newProject();
    const { wide } = await wideWaiter(project);
    expect(await why(project, wide)).toBe("Waits for lock src/, held in part by ada (r1t1).");
  });

  test("names a full key with those that have it", async () => {
    const project = newProject();
    const options = { concurrency_key: "deploy", concurrency_limit: 2 };
    for (let made = 0; made < 3; made++) await project.task({ options });
    await project.poll("ada", { max_tasks: 10 });
    expect(await why(project, "r3t1")).toBe(
      "Waits for a place: concurrency_key deploy is full (2 of 2: r1t1, r2t1).",
    );
    expect(await project.ok(getTaskStatus, { task_id: "r3t1", detail: "full" })).toMatchObject({
      waits_for: "concurrency_key deploy",
      concurrency_key: "deploy",
      concurrency_limit: 2,
    });
  });
});
