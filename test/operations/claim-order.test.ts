/** Who is next: priority against waiting, first come first served, and nothing in the way. */
import * as fc from "../support/fast-check.ts";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_PRIORITY,
  LANE_WIDTH,
  PRIORITY_STEP_MS,
  TIMER_OFFSET,
} from "../../src/domain/order.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { setSharedState } from "../../src/operations/set-shared-state.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function claimAll(project: Project, count: number): Promise<string[]> {
  const claimed: string[] = [];
  for (let turn = 0; turn < count; turn++) {
    for (const { lease } of await project.poll("ada")) {
      claimed.push(lease.split(".")[0] ?? "");
      await project.complete(lease);
    }
  }
  return claimed;
}

test("one step of priority is worth two minutes of waiting", async () => {
  const project = newProject();
  const plain = await project.task();
  project.advance(PRIORITY_STEP_MS / 1000 - 1);
  const urgent = await project.task({ priority: DEFAULT_PRIORITY - 1 });
  project.advance(2);
  const late = await project.task({ priority: DEFAULT_PRIORITY - 1 });
  expect(await claimAll(project, 3)).toEqual([urgent, plain, late]);
});

test("tasks run in the order of ready since plus priority times two minutes", async () => {
  const project = newProject();
  const wanted = fc.record({ wait: fc.nat(300), priority: fc.nat(9) });
  await fc.assert(
    fc.asyncProperty(fc.array(wanted, { minLength: 1, maxLength: 8 }), async (list) => {
      const made: { id: string; order: number }[] = [];
      for (const { wait, priority } of list) {
        project.advance(wait);
        const order = project.now() + priority * PRIORITY_STEP_MS;
        made.push({ id: await project.task({ priority }), order });
      }
      const due = made.toSorted((a, b) => a.order - b.order).map(({ id }) => id);
      expect(await claimAll(project, list.length)).toEqual(due);
    }),
    { numRuns: 15 },
  );
  expect(await project.audit()).toEqual([]);
});

test("in the same millisecond ids decide by number: r9 before r10, t9 before t10", async () => {
  const project = newProject();
  const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
  const due: string[] = [];
  for (let run = 1; run <= 11; run++) {
    const tasks = keys.map((key) => ({ key, task_description: key }));
    await project.ok(createWorkflow, { name: "Run", agent_type: "implementation", tasks });
    due.push(...keys.map((_, index) => `r${run}t${index + 1}`));
  }
  const claimed: string[] = [];
  while (claimed.length < due.length) {
    const tasks = await project.poll("ada", { max_tasks: 10 });
    claimed.push(...tasks.map(({ lease }) => lease.split(".")[0] ?? ""));
    await Promise.all(tasks.map(({ lease }) => project.complete(lease)));
  }
  expect(claimed).toEqual(due);
});

test("with an endless stream of priority 0 a task of priority 9 runs within 18 minutes", async () => {
  const project = newProject();
  const patient = await project.task({ priority: 9 });
  const bound = (9 * PRIORITY_STEP_MS) / 1000;
  const claimed: string[] = [];
  for (let second = 0; second <= bound && !claimed.includes(patient); second += 15) {
    await project.task({ priority: 0 });
    claimed.push(...(await claimAll(project, 1)));
    project.advance(15);
  }
  expect(claimed.at(-1)).toBe(patient);
  expect(claimed).toHaveLength(bound / 15 + 1);
});

test("with more of priority 0 than anybody can do, none that came 18 minutes later goes before one of priority 9", async () => {
  const project = newProject();
  const patient = await project.task({ priority: 9 });
  const bound = (9 * PRIORITY_STEP_MS) / 1000;
  const late = new Set<string>();
  const claimed: string[] = [];
  for (let second = 0; !claimed.includes(patient); second += 60) {
    // Three come where two are done.
    for (let more = 0; more < 3; more++) {
      const id = await project.task({ priority: 0 });
      if (second > bound) late.add(id);
    }
    claimed.push(...(await claimAll(project, 2)));
    project.advance(60);
  }
  expect(late.size).toBeGreaterThan(10);
  expect(claimed.filter((id) => late.has(id))).toEqual([]);
});

test("a task keeps its place when its lease runs out", async () => {
  const project = newProject();
  const first = await project.task();
  project.advance(5);
  await project.task();
  await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  expect((await project.claim("bob")).lease).toMatch(`${first}.2.`);
});

test("a blocked task takes its place when it becomes ready, not when it was made", async () => {
  const project = newProject();
  await project.graph({ a: [], b: ["a"] });
  project.advance(5);
  const other = await project.task();
  project.advance(5);
  await project.complete((await project.claim("ada")).lease);
  expect(await claimAll(project, 2)).toEqual([other, "r1t2"]);
});

describe("an index entry that does not fit its record", () => {
  const broken: Record<string, (project: Project) => Promise<void>> = {
    "names a task that does not exist": (project) => stand(project, "a9a9"),
    "names a completed task": async (project) => {
      await project.task({ priority: 0 });
      await project.complete((await project.claim("ada")).lease);
      await stand(project, "a1a1");
    },
    "names a running task": async (project) => {
      await project.task({ priority: 0 });
      await project.claim("bob");
      await stand(project, "a1a1");
    },
    "names a blocked task": async (project) => {
      await project.graph({ a: [], b: ["a"] });
      await project.claim("bob");
      await stand(project, "a1a2");
    },
  };

  async function stand(project: Project, member: string): Promise<void> {
    const line = `baton:{${project.name}}:line`;
    await project.redis.call(["ZADD", line, String(LANE_WIDTH), member]);
  }

  test.each(Object.keys(broken))("is mended and blocks nobody when it %s", async (name) => {
    const project = newProject();
    await broken[name]?.(project);
    const other = await project.task();
    expect(await project.audit()).not.toEqual([]);
    expect((await project.claim("ada")).lease).toMatch(`${other}.1.`);
    expect(await project.audit()).toEqual([]);
  });

  test("is mended by the sweep when timers stand there too early or for nothing", async () => {
    const project = newProject();
    const options = { start_at: new Date(project.now() + 600_000).toISOString() };
    const later = await project.task({ options });
    const claimed = await project.task({ options: { start_within_seconds: 30 } });
    await project.claim("ada");
    await project.ok(setSharedState, { key: "k", value: 1, ttl_seconds: 60 });
    project.advance(60);
    const line = `baton:{${project.name}}:line`;
    const early = String(project.now() - TIMER_OFFSET);
    await project.redis.call(["ZADD", line, early, "a1a1", early, `start:${claimed}`]);
    await project.poll("eve", { agent_type: "testing" });
    expect((await project.record(later)).status).toBe("scheduled");
    expect((await project.record(claimed)).status).toBe("running");
    expect(await project.audit()).toEqual([]);
  });

  test("is mended by the sweep when a timer names a task that has ended", async () => {
    const project = newProject();
    await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    const line = `baton:{${project.name}}:line`;
    const timer = (await project.dump()).sets["line"]?.[0];
    await project.ok(submitResult, { lease, status: "completed" });
    await project.redis.call(["ZADD", line, String(timer?.[1]), String(timer?.[0])]);
    expect(await project.audit()).toEqual([expect.stringMatching(/^r1t1 is removed at -/)]);
    project.advance(61);
    await project.poll("eve", { agent_type: "testing" });
    expect(await project.audit()).toEqual([]);
  });
});
