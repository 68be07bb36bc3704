/** Locks and concurrency keys: never two holders, nothing leaked whatever ends an attempt, and the next waiter goes on. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const idOf = (lease: string): string => lease.split(".")[0] ?? "";

async function claimIds(project: Project, agent_id: string, max_tasks = 10): Promise<string[]> {
  return (await project.poll(agent_id, { max_tasks })).map(({ lease }) => idOf(lease));
}

/** What the lock table and the lists of waiters hold. */
async function leftovers(project: Project): Promise<unknown[]> {
  const { hashes, sets } = await project.dump();
  return [hashes["locks"], sets["parked"]];
}

test.each([
  ["src/a", "src/a", false],
  ["src/", "src/a/b", false],
  ["src/a/b", "src/", false],
  ["src/a", "src/b", true],
  ["src/a/", "src/b/", true],
  ["deploy", "release", true],
])("while %s is held, a task that locks %s may run: %s", async (held, wanted, may) => {
  const project = newProject();
  await project.task({ options: { locks: [held] } });
  const second = await project.task({ options: { locks: [wanted] } });
  const { lease } = await project.claim("ada");
  expect(await claimIds(project, "bob")).toEqual(may ? [second] : []);
  expect(await project.audit()).toEqual([]);
  await project.complete(lease);
  expect(await claimIds(project, "bob")).toEqual([second]);
});

test("locks are all had or none: one that is taken keeps the others free", async () => {
  const project = newProject();
  await project.task({ options: { locks: ["a"] } });
  const both = await project.task({ options: { locks: ["a", "b"] } });
  const other = await project.task({ options: { locks: ["b"] } });
  const { lease } = await project.claim("ada");
  const [second] = await project.poll("bob");
  expect(second?.lease).toMatch(other);
  await project.complete(lease);
  expect(await claimIds(project, "cyd")).toEqual([]);
  await project.complete(second?.lease ?? "");
  expect(await claimIds(project, "cyd")).toEqual([both]);
  expect(await project.audit()).toEqual([]);
});

test("so many tasks with one concurrency key run at once as each of them allows", async () => {
  const project = newProject();
  const options = { concurrency_key: "deploy", concurrency_limit: 2 };
  const ids = [];
  for (let made = 0; made < 3; made++) ids.push(await project.task({ options }));
  const narrow = await project.task({ options: { concurrency_key: "deploy" } });
  const [first, second] = await project.poll("ada", { max_tasks: 10 });
  expect([first, second].map((task) => idOf(task?.lease ?? ""))).toEqual(ids.slice(0, 2));
  expect(await claimIds(project, "bob")).toEqual([]);
  await project.complete(first?.lease ?? "");
  const [third] = await project.poll("bob", { max_tasks: 10 });
  expect(third?.lease).toMatch(ids[2] ?? "");
  await project.complete(second?.lease ?? "");
  expect(await claimIds(project, "cyd")).toEqual([]);
  await project.complete(third?.lease ?? "");
  expect(await claimIds(project, "cyd")).toEqual([narrow]);
  expect(await project.audit()).toEqual([]);
});

/** Each ends the attempt that holds lock and key; `lease` is the holder's. */
const ENDS: Record<string, (project: Project, lease: string) => Promise<unknown>> = {
  completed: (project, lease) => project.complete(lease),
  "failed for another attempt": (project, lease) => project.fail(lease),
  "failed for good": (project, lease) => project.bury(lease),
  "failed for good, and tried again by hand": async (project, lease) => {
    await project.bury(lease);
    await project.control("retry", { task_ids: ["r1t1"] });
  },
  released: (project, lease) => project.ok(submitResult, { lease, status: "released" }),
  cancelled: (project) => project.control("cancel", { task_ids: ["r1t1"] }),
  "cancelled with its run": (project) => project.control("cancel", { run_id: "r1" }),
  "lost: its lease ran out": async (project) => project.advance(61),
  "over: it ran as long as it may": async (project, lease) => {
    project.advance(50);
    await project.ok(heartbeat, { lease });
    project.advance(51);
  },
  "over: its deadline passed": async (project) => project.advance(201),
  "lost to another process of its agent": (project) =>
    project.poll("ada", { instance: "second", agent_type: "planning" }),
};

describe.each(Object.keys(ENDS))("when the holder is %s", (end) => {
  test("the next waiter has its lock and key, and nothing is leaked", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 200_000).toISOString();
    const options = { locks: ["src/"], concurrency_key: "deploy" };
    await project.task({ priority: 0, options: { ...options, max_run_seconds: 100, deadline } });
    const next = await project.task({ options });
    const { lease } = await project.claim("ada", { lease_seconds: 60, instance: "first" });
    expect(await claimIds(project, "bob")).toEqual([]);
    expect((await project.record(next)).parked).toBe("=src/");
    await ENDS[end]?.(project, lease);
    await project.poll("eve", { agent_type: "testing" });
    expect(await project.audit()).toEqual([]);
    // Whoever gave it back may not be the first to have it again.
    const [first] = await project.poll("bob");
    expect(first).toBeDefined();
    expect(await project.audit()).toEqual([]);
    await project.control("cancel", { task_ids: ["r1t1", next] });
    expect(await project.audit()).toEqual([]);
    await project.poll("eve", { agent_type: "testing" });
    expect(await leftovers(project)).toEqual([undefined, undefined]);
  });
});

test("waiters go on in their order, one at a time", async () => {
  const project = newProject();
  const options = { locks: ["src/"] };
  const ids = [];
  for (const priority of [5, 9, 0, 5]) ids.push(await project.task({ priority, options }));
  const order = [ids[2], ids[0], ids[3], ids[1]];
  const claimed = [];
  let { lease } = await project.claim("ada");
  for (let turn = 0; turn < 3; turn++) {
    claimed.push(idOf(lease));
    expect(await claimIds(project, "bob")).toEqual([]);
    const { next } = await project.ok(submitResult, {
      lease,
      status: "completed",
      poll_next: true,
    });
    lease = next?.[0]?.lease ?? "";
    expect(await project.audit()).toEqual([]);
  }
  expect([...claimed, idOf(lease)]).toEqual(order);
});

test("a task that has to wait stands at no head: sixty of them hide nothing", async () => {
  const project = newProject();
  const locks = ["src/"];
  await project.task({ priority: 0, options: { locks } });
  await project.claim("ada");
  for (let made = 0; made < 60; made++) await project.task({ priority: 0, options: { locks } });
  const free = await project.task();
  const found = await claimIds(project, "bob");
  expect(found.length > 0 ? found : await claimIds(project, "bob")).toEqual([free]);
  expect((await project.dump()).sets["parked"]).toHaveLength(60);
  expect(await project.audit()).toEqual([]);
});

test("one claim takes several tasks, and never two that overlap", async () => {
  const project = newProject();
  const wanted = [["src/a"], ["src/"], ["src/b"], ["src/a", "docs"], ["docs"]];
  const ids = [];
  for (const locks of wanted) ids.push(await project.task({ options: { locks } }));
  expect(await claimIds(project, "ada")).toEqual([ids[0], ids[2], ids[4]]);
  expect(await project.audit()).toEqual([]);
});

test("a waiter whose deadline passes, or that is not claimed in time, waits no more", async () => {
  const project = newProject();
  const locks = ["src/"];
  await project.task({ priority: 0, options: { locks } });
  const deadline = new Date(project.now() + 30_000).toISOString();
  const late = await project.task({ options: { locks, deadline } });
  const slow = await project.task({ options: { locks, start_within_seconds: 40 } });
  const { lease } = await project.claim("ada");
  await project.poll("bob");
  expect((await project.dump()).sets["parked"]).toHaveLength(2);
  project.advance(41);
  await project.poll("eve", { agent_type: "testing" });
  expect((await project.record(late)).error_code).toBe("deadline");
  expect((await project.record(slow)).error_code).toBe("start_timeout");
  expect(await project.audit()).toEqual([]);
  await project.complete(lease);
  expect(await leftovers(project)).toEqual([undefined, undefined]);
});

test("many waiters are looked at a few at a time, whoever calls", async () => {
  const project = newProject();
  await project.task({ priority: 0, options: { locks: ["src/"] } });
  const { lease } = await project.claim("ada");
  const count = LIMITS.waiters_per_look * 2 + 3;
  for (let made = 0; made < count; made++) {
    await project.task({ options: { locks: [`src/${made}`] } });
  }
  for (let polls = 0; polls < 3; polls++) await project.poll("bob", { max_tasks: 10 });
  expect((await project.dump()).sets["parked"]).toHaveLength(count);
  await project.complete(lease);
  for (let calls = 0; calls < 3; calls++) await project.poll("eve", { agent_type: "testing" });
  expect((await project.dump()).sets["parked"]).toBeUndefined();
  expect(await claimIds(project, "bob", 10)).toHaveLength(10);
  expect(await project.audit()).toEqual([]);
});
