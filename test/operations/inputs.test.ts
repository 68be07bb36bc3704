/** The results that a worker is given to build on: names, limits, and the way to what did not fit. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** Completes tasks with these results, then claims one that depends on all of them. */
async function inputsFrom(project: Project, results: readonly (Json | undefined)[]) {
  const keys = results.map((_, index) => `k${index}`);
  await project.graph({ ...Object.fromEntries(keys.map((key) => [key, []])), end: keys });
  for (const result of results) await project.complete((await project.claim("ada")).lease, result);
  const { inputs = {} } = await project.claim("ada");
  expect(await project.audit()).toEqual([]);
  return inputs;
}

test("results arrive under the keys of the workflow, exactly as submitted", async () => {
  const results = [{ a: [] }, [], {}, 0, false, "", null, { deep: [{ x: [null] }] }];
  expect(await inputsFrom(newProject(), results)).toEqual(
    Object.fromEntries(results.map((result, index) => [`k${index}`, result])),
  );
});

test("results of tasks from other calls arrive under their ids", async () => {
  const project = newProject();
  const first = await project.task();
  await project.complete((await project.claim("ada")).lease, "one");
  await project.ok(createWorkflow, {
    name: "Next",
    agent_type: "implementation",
    tasks: [{ key: "a", task_description: "Do it.", dependencies: [first] }],
  });
  expect((await project.claim("ada")).inputs).toEqual({ [first]: "one" });
});

test("a dependency that completed without a result is left out", async () => {
  expect(await inputsFrom(newProject(), [undefined, 1])).toEqual({ k1: 1 });
});

test("a result that does not fit is a pointer, and a small one behind it still arrives", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.inputs_bytes);
  const inputs = await inputsFrom(project, [large, "small", { over: "y".repeat(5_000) }]);
  expect(inputs["k1"]).toBe("small");
  expect(inputs["k2"]).toEqual({ over: "y".repeat(5_000) });
  expect(JSON.stringify(inputs["k0"])).toMatch("get_task_status");
  const { text } = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
  expect(text).toMatch(/^\{"task_description":"Do k0\.","result":"xxx/);
});

test("of more than fifty dependencies the rest are pointers", async () => {
  const project = newProject();
  const inputs = await inputsFrom(
    project,
    Array.from({ length: LIMITS.inputs + 3 }, (_, index) => index),
  );
  expect(Object.keys(inputs)).toHaveLength(LIMITS.inputs + 3);
  expect(inputs["k49"]).toBe(49);
  expect(inputs["k52"]).toEqual({
    see: 'get_task_status {task_id: "r1t53", detail: "full"}',
  });
});

test("a key that is a name of JavaScript's own is a key like any other", async () => {
  const project = newProject();
  await project.ok(createWorkflow, {
    name: "Names",
    agent_type: "implementation",
    tasks: [
      { key: "constructor", task_description: "Do it." },
      { key: "end", task_description: "End.", dependencies: ["constructor"] },
    ],
  });
  await project.complete((await project.claim("ada")).lease, "built");
  expect((await project.claim("ada")).inputs).toEqual({ constructor: "built" });
});
