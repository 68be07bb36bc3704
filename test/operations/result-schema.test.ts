/** Evidence: a result has to fit the schema of its task, and a worker whose result does not fit still holds the task. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

const SCHEMA = {
  type: "object",
  required: ["approved", "files"],
  properties: {
    approved: { type: "boolean" },
    files: { type: "array", items: { type: "string" } },
  },
};

const GOOD = { approved: true, files: ["a.ts"] };

async function claimed(project: Project): Promise<string> {
  await project.task({ options: { result_schema: SCHEMA } });
  return (await project.claim("ada", { lease_seconds: 60 })).lease;
}

test("a schema that cannot be used creates nothing", async () => {
  const project = newProject();
  const options = { result_schema: { type: "objekt" } };
  const task = { agent_type: "implementation", task_description: "Do it.", options };
  const refusal = await project.refusal(createTask, task);
  expect(refusal.message).toMatch("options.result_schema.type: must be one of");
  const tasks = [
    { key: "a", task_description: "A" },
    { key: "b", ...task },
  ];
  const flow = { name: "Flow", agent_type: "implementation", tasks };
  const { message } = await project.refusal(createWorkflow, flow);
  expect(message).toMatch("b.options.result_schema.type");
  expect((await project.dump()).hashes).toEqual({});
});

test("the worker sees the schema with its task, each time", async () => {
  const project = newProject();
  await claimed(project);
  const [again] = await project.poll("ada");
  expect(again).toMatchObject({ held: true, result_schema: SCHEMA });
  const status = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
  expect(status).toMatchObject({ result_schema: SCHEMA });
});

test("a result that does not fit is refused with what is missing, changes nothing, and renews the lease", async () => {
  const project = newProject();
  const lease = await claimed(project);
  const before = await project.record("r1t1");
  project.advance(50);
  const bad = { lease, status: "completed" as const, result: { files: "a.ts" } };
  expect(await project.refusal(submitResult, bad)).toEqual({
    reason: "result_schema",
    message:
      "Missing: approved (boolean). files: array expected, not string. You still hold the task: submit again.",
    task_id: "r1t1",
    problems: ["Missing: approved (boolean)", "files: array expected, not string"],
  });
  const { lease: held, ...rest } = await project.record("r1t1");
  expect({ ...rest, lease: before.lease }).toEqual(before);
  expect(held?.until_ms).toBe(project.now() + 60_000);
  expect(await project.complete(lease, GOOD)).toMatchObject({ status: "completed" });
  expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({ result: GOOD });
  expect(await project.audit()).toEqual([]);
});

test("no result at all does not fit either", async () => {
  const project = newProject();
  const lease = await claimed(project);
  const refusal = await project.refusal(submitResult, { lease, status: "completed" });
  expect(refusal.message).toMatch("result: object expected, not null");
});

test("only a completed result has to fit", async () => {
  const project = newProject();
  const lease = await claimed(project);
  const released = { lease, status: "released" as const, result: "half done" };
  expect(await project.ok(submitResult, released)).toMatchObject({ status: "ready" });
});

test("a submit that was answered is answered the same again, whatever comes with it", async () => {
  const project = newProject();
  const lease = await claimed(project);
  const first = await project.complete(lease, GOOD);
  expect(await project.complete(lease, GOOD)).toEqual(first);
  expect(await project.complete(lease, "something else")).toEqual(first);
  expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({ result: GOOD });
});

test("a lease that ran out while the result did not fit is taken again", async () => {
  const project = newProject();
  const lease = await claimed(project);
  project.advance(61);
  await project.poll("eve", { agent_type: "testing" });
  expect((await project.record("r1t1")).status).toBe("ready");
  await project.refusal(submitResult, { lease, status: "completed", result: 1 });
  expect((await project.record("r1t1")).status).toBe("running");
  await project.complete(lease, GOOD);
});

test("a result that does not fit and comes too late tells its worker that the task has gone", async () => {
  const project = newProject();
  const lease = await claimed(project);
  project.advance(61);
  await project.claim("bob");
  const refusal = await project.refusal(submitResult, { lease, status: "completed", result: 1 });
  expect(refusal).toMatchObject({ reason: "lease_lost" });
  expect(refusal.message).toMatch("Your result was kept");
});

test.each([
  ["small", {}],
  ["large", { more: "x".repeat(LIMITS.inline_bytes) }],
])("a late result that is %s is promoted only if it fits", async (_, more) => {
  const project = newProject();
  const late = async (result: Record<string, unknown>): Promise<void> => {
    const { lease } = await project.claim("ada", { lease_seconds: 60 });
    project.advance(61);
    const bob = await project.claim("bob", { lease_seconds: 60 });
    const submit = { lease, status: "completed" as const, result: { ...more, ...result } };
    await project.refusal(submitResult, submit);
    await project.ok(submitResult, { lease: bob.lease, status: "released" });
    project.advance(61);
  };
  await project.task({ options: { result_schema: SCHEMA } });
  await late({ files: [] });
  const before = await project.record("r1t1");
  const task_ids = ["r1t1", "r1t9"];
  const first = await project.control("promote_late_result", { task_ids });
  expect(first).toEqual({
    changed: [],
    refused: [
      {
        task_id: "r1t1",
        reason: "its late result does not fit. Missing: approved (boolean).",
      },
      { task_id: "r1t9", reason: "there is no such task" },
    ],
  });
  expect(await project.record("r1t1")).toEqual(before);
  await late(GOOD);
  const second = await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect(second.changed).toEqual(["r1t1"]);
  const { status } = await project.record("r1t1");
  expect(status).toBe("completed");
  expect(await project.audit()).toEqual([]);
});

test("however many late results are promoted at once, they are checked in a few round trips", async () => {
  const project = newProject();
  const task_ids: string[] = [];
  for (let number = 0; number < 30; number++) {
    task_ids.push(await project.task({ options: { result_schema: SCHEMA } }));
    const { lease } = await project.claim("ada");
    await project.control("cancel", { task_ids: task_ids.slice(-1) });
    const result = { ...GOOD, more: "x".repeat(number % 2 === 0 ? 1 : LIMITS.inline_bytes) };
    await project.refusal(submitResult, { lease, status: "completed", result });
  }
  project.upstash.stats.reset();
  const { changed } = await project.control("promote_late_result", { task_ids });
  expect(changed).toEqual(task_ids);
  expect(project.upstash.stats.snapshot().httpRequests).toBeLessThan(10);
  expect(await project.audit()).toEqual([]);
});

test("the schema goes with its task", async () => {
  const project = newProject();
  await project.complete(await claimed(project), GOOD);
  project.advance(LIMITS.run_kept_ms / 1000 + 1);
  await project.store.retire();
  const { hashes } = await project.dump();
  expect(Object.keys(hashes)).toEqual(["control"]);
});

test("a schema that does not fit into the reply is pointed at", async () => {
  const project = newProject();
  const description = "x".repeat(15_000);
  await project.task({
    context: { text: "y".repeat(4_000) },
    task_description: "z".repeat(9_000),
    options: { result_schema: { ...SCHEMA, description } },
  });
  const task = await project.claim("ada");
  expect(task["result_schema"]).toBeUndefined();
  expect(task.cut).toMatch('get_task_status {task_id: "r1t1", detail: "full"');
});
