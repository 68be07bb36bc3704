/** What the operations that only read show: tasks, runs, lists and agents, a page at a time. */
import * as fc from "../support/fast-check.ts";
import { describe, expect, test } from "vitest";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

async function fill(project: Project, sizes: readonly number[]): Promise<string[]> {
  const ids: string[] = [];
  for (const [run, size] of sizes.entries()) {
    const tasks = Array.from({ length: size }, (_, index) => ({
      key: `k${index}`,
      task_description: `Task ${index}`,
      agent_type: index % 3 === 0 ? "testing" : "implementation",
    }));
    await project.ok(createWorkflow, { name: `Run ${run + 1}`, tasks });
    ids.push(...tasks.map((_, index) => `r${run + 1}t${index + 1}`));
  }
  return ids;
}

/** All that a listing gives, over as many pages as it takes. */
async function listAll(project: Project, input: Parameters<typeof pageOf>[1]): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await pageOf(project, { ...input, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.tasks.map(({ task_id }) => task_id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

const pageOf = (
  project: Project,
  input: { run_id?: string; agent_type?: string; limit?: number; status?: "ready" | "completed" },
) => project.ok(listTasks, input);

describe("list_tasks", () => {
  test("gives each task once, newest runs first, whatever the page size", async () => {
    const project = newProject();
    const ids = await fill(project, [3, 1, 200, 7, 40]);
    const due = [5, 4, 3, 2, 1].flatMap((run) => ids.filter((id) => id.startsWith(`r${run}t`)));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), async (limit) => {
        expect(await listAll(project, { limit })).toEqual(due);
      }),
      { numRuns: 8, examples: [[200], [50], [251 - 200]] },
    );
  });

  test("filters by run, type and status over pages", async () => {
    const project = newProject();
    const ids = await fill(project, [10, 20]);
    const testing = ids.filter((id) => (Number(id.split("t")[1]) - 1) % 3 === 0);
    const second = testing.filter((id) => id.startsWith("r2"));
    expect(await listAll(project, { run_id: "r2", agent_type: "testing", limit: 2 })).toEqual(
      second,
    );
    const { lease } = await project.claim("ada", { agent_type: "testing" });
    await project.complete(lease);
    expect(await listAll(project, { status: "completed" })).toEqual(["r1t1"]);
    expect(await listAll(project, { status: "ready", limit: 7 })).toHaveLength(29);
    expect(await listAll(project, { agent_type: "planning" })).toEqual([]);
  });

  test("says of ready work who may have it", async () => {
    const project = newProject();
    await project.task({ options: { requires: ["gpu"], assignee: "ada" } });
    const { tasks } = await pageOf(project, { status: "ready" });
    expect(tasks).toMatchObject([{ requires: ["gpu"], assignee: "ada" }]);
  });

  test("goes on behind a thousand tasks that do not match", async () => {
    const project = newProject();
    await project.task({ agent_type: "planning" });
    await fill(project, [200, 200, 200, 200, 200, 200]);
    expect(await listAll(project, { agent_type: "planning" })).toEqual(["r1t1"]);
  });

  test("refuses a cursor that it never gave, and a run that is none", async () => {
    const project = newProject();
    expect(await project.refusal(listTasks, { cursor: "next" })).toMatchObject({
      reason: "invalid",
    });
    expect(await project.refusal(listTasks, { run_id: "run" })).toMatchObject({
      reason: "not_found",
    });
    expect(await project.ok(listTasks, { run_id: "r9" })).toEqual({ tasks: [] });
  });
});

describe("get_task_status", () => {
  test("shows a run of a thousand and more tasks a page at a time, each once", async () => {
    const project = newProject();
    await fill(project, [200]);
    for (let more = 0; more < 30; more++) await project.task({ run_id: "r1" });
    const ids: unknown[] = [];
    let pages = 0;
    while (ids.length < 230) {
      const page = await project.ok(getTaskStatus, { run_id: "r1", offset: ids.length });
      expect(JSON.stringify(page).length).toBeLessThan(32_000);
      ids.push(...(page["tasks"] as { task_id: string }[]).map(({ task_id }) => task_id));
      expect(page).toHaveProperty("status", "active");
      expect("more" in page).toBe(ids.length < 230);
      pages++;
    }
    expect(ids).toEqual(Array.from({ length: 230 }, (_, index) => `r1t${index + 1}`));
    expect(pages).toBeGreaterThan(1);
  });

  test("is as fresh as the clock: a lease that ran out is not shown as held", async () => {
    const project = newProject();
    const task_id = await project.task();
    await project.claim("ada", { lease_seconds: 60 });
    expect(await project.ok(getTaskStatus, { task_id })).toMatchObject({
      status: "running",
      agent_id: "ada",
      lease_seconds: 60,
    });
    project.advance(61);
    const status = await project.ok(getTaskStatus, { task_id });
    expect(status).toMatchObject({ status: "ready", waits_for: "implementation", attempt: 1 });
    expect(status).not.toHaveProperty("agent_id");
  });

  test("takes a lease for the task that it is of, and so does a submit", async () => {
    const project = newProject();
    const id = await project.task();
    const { lease } = await project.claim("ada");
    expect(await project.ok(getTaskStatus, { task_id: lease })).toMatchObject({
      task_id: id,
      status: "running",
    });
    await project.ok(submitResult, { lease, task_id: lease, status: "completed" });
  });

  test("says why a task waits, in each status", async () => {
    const project = newProject();
    const start_at = new Date(project.now() + 90_000).toISOString();
    await project.graph({ a: [], b: ["a"], c: ["a", "b"] });
    await project.task({ options: { start_at } });
    const why = async (task_id: string): Promise<unknown> =>
      (await project.ok(getTaskStatus, { task_id, detail: "why" }))["why"];
    expect(await why("r1t1")).toMatch("implementation");
    expect(await why("r1t2")).toMatch("r1t1");
    expect(await why("r1t3")).toMatch("r1t1, r1t2");
    expect(await why("r2t1")).toMatch("90 s");
    const { lease } = await project.claim("ada");
    expect(await why("r1t1")).toMatch("ada");
    await project.bury(lease);
    expect(await why("r1t1")).toMatch("Failed");
    expect(await why("r1t2")).toMatch("r1t1");
  });

  test("tells the history of the attempts", async () => {
    const project = newProject();
    const task_id = await project.task();
    const first = await project.claim("ada", { lease_seconds: 60 });
    await project.ok(heartbeat, { lease: first.lease, message: "Halfway." });
    project.advance(61);
    const second = await project.claim("bob");
    project.advance(5);
    await project.ok(submitResult, { lease: second.lease, status: "released" });
    const status = await project.ok(getTaskStatus, { task_id, detail: "full" });
    expect(status["attempts"]).toEqual([
      { attempt: 1, agent_id: "ada", outcome: "expired", seconds: 61, message: "Halfway." },
      { attempt: 2, agent_id: "bob", outcome: "released", seconds: 5 },
    ]);
  });

  test.each(["r1t2", "r2t1", "r99t1", "t1", "r1", "r01t1", "r1t1:payload"])(
    "answers %s as it answers any task that does not exist",
    async (task_id) => {
      const project = newProject();
      await project.task();
      const before = await project.dump();
      expect(await project.refusal(getTaskStatus, { task_id })).toEqual({
        reason: "not_found",
        message: `No task ${task_id} here (unknown, or removed after its retention).`,
      });
      expect(await project.dump()).toEqual(before);
    },
  );

  test("shows nothing of another project", async () => {
    const [mine, other] = [newProject(), newProject()];
    await other.task({ context: "secret" });
    await other.claim("ada");
    for (const detail of ["brief", "full", "why"] as const) {
      const asked = { task_id: "r1t1", detail };
      expect((await mine.refusal(getTaskStatus, asked)).reason).toBe("not_found");
    }
    expect(await mine.ok(listTasks, {})).toEqual({ tasks: [] });
    expect(await mine.ok(listAgents, {})).toEqual({ agents: [] });
    expect(await mine.poll("ada")).toEqual([]);
  });
});

describe("list_agents", () => {
  test("shows who is busy with what, who is idle, and who was not seen for long", async () => {
    const project = newProject();
    await project.poll("old", { agent_type: "testing" });
    project.advance(301);
    const id = await project.task();
    await project.claim("ada", { lease_seconds: 60, capabilities: ["b", "a"] });
    await project.poll("bob");
    const { agents } = await project.ok(listAgents, {});
    expect(agents).toHaveLength(3);
    expect(agents).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ agent_id: "ada", status: "busy", holds: [id] }),
        expect.objectContaining({ agent_id: "bob", status: "idle" }),
        expect.objectContaining({ agent_id: "old", status: "offline", seen_seconds_ago: 301 }),
      ]),
    );
    project.advance(61);
    const busy = await project.ok(listAgents, { status: "busy" });
    expect(busy.agents).toEqual([]);
  });
});
