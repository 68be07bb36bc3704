/** Each move of the transition table, seen through the operations; and what the table lacks. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** No attempt follows. */
const ERROR = { message: "It broke.", category: "invalid_input" } as const;

async function statusOf(project: Project, task_id: string): Promise<string> {
  expect(await project.audit()).toEqual([]);
  return (await project.record(task_id)).status;
}

describe("each move of the table", () => {
  test("a task without dependencies is ready, then running, then completed, and its run ends", async () => {
    const project = newProject();
    const id = await project.task();
    expect(await statusOf(project, id)).toBe("ready");
    const { lease } = await project.claim("ada");
    expect(await statusOf(project, id)).toBe("running");
    expect(await project.complete(lease, "done")).toEqual({ task_id: id, status: "completed" });
    expect(await statusOf(project, id)).toBe("completed");
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
    expect(factsOf(await project.dump()).map(({ type }) => type)).toEqual([
      "run.created",
      "task.created",
      "task.ready",
      "agent.online",
      "task.claimed",
      "task.completed",
      "run.completed",
    ]);
  });

  test("unblock: the last of two dependencies makes a task ready", async () => {
    const project = newProject();
    await project.graph({ a: [], b: [], c: ["a", "b"] });
    expect(await statusOf(project, "r1t3")).toBe("blocked");
    await project.complete((await project.claim("ada")).lease);
    expect(await statusOf(project, "r1t3")).toBe("blocked");
    await project.complete((await project.claim("ada")).lease);
    expect(await statusOf(project, "r1t3")).toBe("ready");
  });

  test("postpone and arrive: an unblocked task with a start time ahead waits for it", async () => {
    const project = newProject();
    const first = await project.task();
    const start_at = new Date(project.now() + 90_000).toISOString();
    const second = await project.task({ dependencies: [first], options: { start_at } });
    await project.complete((await project.claim("ada")).lease);
    expect(await statusOf(project, second)).toBe("scheduled");
    project.advance(89);
    expect(await project.poll("ada")).toEqual([]);
    project.advance(1);
    expect((await project.claim("ada")).lease).toMatch(`${second}.1.`);
    expect(await statusOf(project, second)).toBe("running");
  });

  test("a task with a start time ahead is scheduled from the beginning, one in the past is ready", async () => {
    const project = newProject();
    const at = (seconds: number): string => new Date(project.now() + seconds * 1000).toISOString();
    const later = await project.task({ options: { start_at: at(60) } });
    const past = await project.task({ options: { start_at: at(-60) } });
    expect(await statusOf(project, later)).toBe("scheduled");
    expect(await statusOf(project, past)).toBe("ready");
    project.advance(60);
    await project.ok(heartbeat, { lease: (await project.claim("ada")).lease });
    expect(await statusOf(project, later)).toBe("ready");
  });

  test("skip: a failed dependency skips what waits for it, and the run has failed", async () => {
    const project = newProject();
    await project.graph({ a: [], b: ["a"], c: ["b"] });
    const { lease } = await project.claim("ada");
    await project.ok(submitResult, { lease, status: "failed", error: ERROR });
    expect(await statusOf(project, "r1t1")).toBe("failed");
    expect(await project.record("r1t2")).toMatchObject({
      status: "skipped",
      skipped_because: "r1t1",
    });
    expect(await project.record("r1t3")).toMatchObject({
      status: "skipped",
      skipped_because: "r1t2",
    });
    expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0, failed: 1 });
  });

  test("expire and reclaim: a lease that ran out frees the task, and a late heartbeat takes it back", async () => {
    const project = newProject();
    const id = await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    project.advance(60);
    await project.poll("bob", { agent_type: "testing" });
    expect(await statusOf(project, id)).toBe("ready");
    await project.ok(heartbeat, { lease });
    expect(await statusOf(project, id)).toBe("running");
  });

  test("release: a task handed back is ready, from running and from ready", async () => {
    const project = newProject();
    const id = await project.task();
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    expect(await project.ok(submitResult, { lease, status: "released" })).toMatchObject({
      status: "ready",
    });
    const second = await project.claim("bob", { lease_seconds: 60 });
    project.advance(61);
    await project.poll("eve", { agent_type: "testing" });
    expect(await statusOf(project, id)).toBe("ready");
    await project.ok(submitResult, { lease: second.lease, status: "released" });
    expect(await statusOf(project, id)).toBe("ready");
  });

  test("complete and fail: both are accepted late, while nobody else took the task", async () => {
    const project = newProject();
    const [first, second] = [await project.task(), await project.task()];
    const tasks = await project.poll("ada", { max_tasks: 2, lease_seconds: 60 });
    project.advance(61);
    await project.poll("eve", { agent_type: "testing" });
    expect(await statusOf(project, first)).toBe("ready");
    const leases = tasks.map(({ lease }) => lease);
    await project.complete(leases[0] ?? "");
    await project.ok(submitResult, { lease: leases[1] ?? "", status: "failed", error: ERROR });
    expect(await statusOf(project, first)).toBe("completed");
    expect(await statusOf(project, second)).toBe("failed");
  });
});

describe("what the table lacks", () => {
  /** A task in each status that this can reach, with the lease that ended it where there was one. */
  const reached: Record<string, (project: Project) => Promise<string>> = {
    completed: async (project) => {
      await project.task();
      const { lease } = await project.claim("ada");
      await project.complete(lease, 1);
      return lease;
    },
    failed: async (project) => {
      await project.task();
      const { lease } = await project.claim("ada");
      await project.ok(submitResult, { lease, status: "failed", error: ERROR });
      return lease;
    },
    released: async (project) => {
      await project.task();
      const { lease } = await project.claim("ada");
      await project.ok(submitResult, { lease, status: "released" });
      return lease;
    },
    "blocked, with a made-up lease": async (project) => {
      await project.graph({ a: [], b: ["a"] });
      return "r1t2.1.abcdefghij";
    },
    "ready, with a made-up lease": async (project) => {
      await project.task();
      return "r1t1.1.abcdefghij";
    },
    "running, with another's check": async (project) => {
      await project.task();
      await project.claim("ada");
      return "r1t1.1.abcdefghij";
    },
  };

  test.each(Object.keys(reached))("nothing moves a task that is %s", async (name) => {
    const project = newProject();
    const lease = await reached[name]?.(project);
    if (!lease) throw new Error("no such case");
    const before = await project.dump();
    await project.refusal(heartbeat, { lease, progress: 50 });
    for (const status of ["failed", "released"] as const) {
      await project.call(submitResult, { lease, status, error: ERROR, result: "other" });
    }
    expect(await project.dump()).toEqual(before);
    const record = await project.record("r1t1");
    await project.call(submitResult, { lease, status: "completed", result: "other" });
    const { late_results, ...rest } = await project.record("r1t1");
    expect(rest).toEqual(record);
    // Finished work that ends nothing any more is kept beside the task.
    expect(late_results).toEqual(name === "failed" || name === "released" ? [1] : undefined);
    expect(await project.audit()).toEqual([]);
  });

  const contradictions = ["blocked", "suspended", "in_review", "completed", "failed"];

  test.each(contradictions)(
    "a record that says both live lease and %s fails every submit and changes nothing",
    async (status) => {
      const project = newProject();
      const id = await project.task();
      const { lease } = await project.claim("ada");
      const record = { ...(await project.record(id)), status };
      const shard = `baton:{${project.name}}:shard:1`;
      await project.redis.call(["HSET", shard, id, JSON.stringify(record)]);
      const before = await project.dump();
      for (const how of ["completed", "failed", "released"] as const) {
        const error = { message: "It broke." };
        const sent = project.call(submitResult, { lease, status: how, error });
        await expect(sent).rejects.toThrow(/illegal move/);
      }
      expect(await project.dump()).toEqual(before);
    },
  );
});

test("the last attempts are kept, and no more", async () => {
  const project = newProject();
  const id = await project.task();
  for (let attempt = 1; attempt <= LIMITS.attempts_kept + 3; attempt++) {
    const { lease } = await project.claim(`agent-${attempt}`);
    expect(lease).toMatch(`${id}.${attempt}.`);
    await project.ok(submitResult, { lease, status: "released" });
  }
  const { attempts = [] } = await project.record(id);
  expect(attempts).toHaveLength(LIMITS.attempts_kept);
  expect(attempts[0]?.attempt).toBe(4);
  expect(await project.audit()).toEqual([]);
});
