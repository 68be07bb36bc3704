/** However much is due, one call does a bounded part of it, and the calls that follow do the rest. */
import { expect, test } from "vitest";
import { TIMER_OFFSET } from "../../src/domain/order.ts";
import { getSharedState } from "../../src/operations/get-shared-state.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { setBreaker } from "../../src/operations/set-breaker.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
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
