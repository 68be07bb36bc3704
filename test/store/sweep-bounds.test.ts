/** However much is due, one call does a bounded part of it, and the calls that follow do the rest. */
import { expect, test } from "vitest";
import { TIMER_OFFSET } from "../../src/domain/order.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { tick } from "../../src/operations/tick.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const BACKLOG = 1_000;

/** Whatever is due: three sweeps at most, eight items each, and what the call itself does. */
const BOUND = 60;

async function overdue(project: Project): Promise<void> {
  // So many lost leases at once would open it, and nothing would be handed out for a while.
  await project.ok(setBreaker, { agent_type: "implementation", state: "closed" });
  for (let made = 0; made < BACKLOG; made += 200) {
    await project.graph(
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, []])),
    );
  }
  for (let agent = 0; agent < BACKLOG / 10; agent++) {
    await project.poll(`agent-${agent}`, { max_tasks: 10, lease_seconds: 60 });
  }
}

async function overdueNow(project: Project): Promise<number> {
  const { sets } = await project.dump();
  return (sets["line"] ?? []).filter(([, score]) => score <= project.now() - TIMER_OFFSET).length;
}

test("with 1,000 leases that ran out every call stays under a fixed bound, and helps", async () => {
  const project = newProject();
  await overdue(project);
  const mine = await project.task({ agent_type: "testing", priority: 0 });
  const { lease } = await project.claim("tester", { agent_type: "testing" });
  expect(lease).toMatch(mine);
  await project.task({ agent_type: "testing" });
  project.advance(61);
  expect(await overdueNow(project)).toBe(BACKLOG);

  const calls: (() => Promise<unknown>)[] = [
    () => project.task(),
    () => project.poll("idle", { agent_type: "planning" }),
    () => project.poll("late", { max_tasks: 10 }),
    () => project.ok(heartbeat, { lease, progress: 1 }),
    () => project.ok(setSharedState, { key: "k", value: 1, lease }),
    () => project.ok(getSharedState, { prefix: "", lease }),
    () => project.ok(getTaskStatus, { run_id: "r1" }),
    () => project.ok(listTasks, {}),
    () => project.ok(submitResult, { lease, status: "completed", poll_next: true }),
  ];
  for (const call of calls) {
    const open = await overdueNow(project);
    project.upstash.stats.reset();
    await call();
    expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(BOUND);
    expect(await overdueNow(project)).toBeLessThan(open);
  }
  expect(await project.audit()).toEqual([]);
});

test("a backlog is worked off by calls of others, and everything is handed out again once", async () => {
  const project = newProject();
  await overdue(project);
  project.advance(61);
  const leases: string[] = [];
  for (let calls = 0; leases.length < BACKLOG; calls++) {
    expect(calls).toBeLessThan(BACKLOG);
    const tasks = await project.poll(`second-${calls}`, { max_tasks: 10 });
    leases.push(...tasks.map(({ lease }) => lease));
  }
  expect(leases.filter((lease) => lease.split(".")[1] !== "2")).toEqual([]);
  expect(new Set(leases.map((lease) => lease.split(".")[0])).size).toBe(BACKLOG);
  expect(await project.audit()).toEqual([]);
});

/** One task, and `count` that wait for it. */
async function fan(project: Project, count: number): Promise<string> {
  const root = await project.task({ priority: 0 });
  await project.graph(
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, [root]])),
  );
  return (await project.claim("ada")).lease;
}

async function readyTasks(project: Project): Promise<number> {
  const { hashes } = await project.dump();
  return Object.values(hashes)
    .flatMap((fields) => Object.values(fields))
    .filter((text) => text.includes('"status":"ready"')).length;
}

test("completing a task with 200 dependents stays in one bounded call", async () => {
  const project = newProject();
  // Redis learns the scripts.
  await project.complete(await fan(project, 1));
  await project.poll("ada");
  const lease = await fan(project, 200);
  project.upstash.stats.reset();
  await project.complete(lease);
  const { httpRequests, billed } = project.upstash.stats.snapshot();
  expect(httpRequests).toBe(1);
  expect(billed).toBeLessThanOrEqual(BOUND / 2);
  expect(await project.audit()).toEqual([]);
});

test.each(["ticks", "watchdog"] as const)(
  "the rest of 500 dependents follows by %s alone",
  async (what) => {
    const project = newProject();
    const lease = await fan(project, 200);
    for (const first of [200, 350]) {
      const names = Array.from({ length: 150 }, (_, index) => [`k${first + index}`, ["r1t1"]]);
      await project.graph(Object.fromEntries(names));
    }
    await project.complete(lease);
    const before = await readyTasks(project);
    expect(before).toBeLessThan(500);
    for (let looks = 0; (await readyTasks(project)) < 500; looks++) {
      expect(looks).toBeLessThan(5);
      const armed = project.ticks.at(-1) ?? { at: 0, generation: 0 };
      if (what === "ticks") project.advance(Math.max(0, (armed.at - project.now()) / 1000));
      const look = what === "ticks" ? { generation: armed.generation } : { resend: true as const };
      await tick(project.store, look);
      expect(await project.audit()).toEqual([]);
    }
  },
);

test("keys of the shared state that are over do not pile up before leases", async () => {
  const project = newProject();
  for (let made = 0; made < 100; made++) {
    await project.ok(setSharedState, { key: `k${made}`, value: made, ttl_seconds: 30 });
  }
  project.advance(31);
  for (let calls = 0; (await overdueNow(project)) > 0; calls++) {
    expect(calls).toBeLessThan(13);
    project.upstash.stats.reset();
    await project.ok(getSharedState, { prefix: "" });
    expect(project.upstash.stats.snapshot().billed).toBeLessThanOrEqual(BOUND);
  }
  expect((await project.dump()).hashes["state"]).toBeUndefined();
});
