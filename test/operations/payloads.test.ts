/** What agents write for each other arrives exactly, whatever its size and whatever is in it. */
import * as fc from "../support/fast-check.ts";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createTask } from "../../src/operations/create-task.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { listAgents } from "../../src/operations/list-agents.ts";
import { listTasks } from "../../src/operations/list-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { anyJson } from "../support/any-json.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";

const newProject = useProjects();

/** The full status, put together from as many pieces as it comes in; time moves between them. */
async function wholeStatus(project: Project, task_id: string): Promise<Record<string, unknown>> {
  const first = await project.ok(getTaskStatus, { task_id, detail: "full" });
  if (typeof first["text"] !== "string") return first;
  let text = "";
  for (let offset: unknown = 0; typeof offset === "number";) {
    const piece = await project.ok(getTaskStatus, { task_id, detail: "full", offset });
    expect(JSON.stringify(piece).length).toBeLessThan(2 * LIMITS.reply_bytes);
    text += String(piece["text"]);
    offset = piece["next_offset"];
    project.advance(7);
  }
  return JSON.parse(text) as Record<string, unknown>;
}

/** Sends the value as a context, and back as a result; returns it as each reader sees it. */
async function travel(value: Json): Promise<unknown[]> {
  const project = newProject();
  const task_id = await project.task({ context: value });
  const task = await project.claim("ada");
  await project.complete(task.lease, value);
  await project.task({ dependencies: [task_id] });
  const next = await project.claim("ada");
  const status = await wholeStatus(project, task_id);
  expect(await project.audit()).toEqual([]);
  return [task.context, next.inputs?.[task_id], status["context"], status["result"]];
}

test.each([
  ["an empty list", []],
  ["an empty object", {}],
  ["null", null],
  ["false", false],
  ["zero", 0],
  ["an empty text", ""],
  ["nested empty ones", { a: [], b: {}, c: [[], {}, null] }],
  ["numbers that Lua cannot write", [1e21, 1.5e-9, 12345678901234568, 0.1, -1]],
  ["half surrogate pairs", ["\ud800", "a\udfffb", { "\ud83d": 1 }]],
  ["a zero byte and other controls", "a\u0000b\u0001\u001f\u007f\u0080\u2028"],
  ["emoji and scripts", "👩‍🚀 日本語 العربية"],
  ["text that looks like JSON, Lua or Redis", '{"a":1}"]] .. KEYS[1] \r\n$-1\r\n'],
  ["keys that are names of JavaScript's own", { constructor: 1, toString: [], hasOwnProperty: {} }],
] satisfies [string, Json][])("%s", async (_, value) => {
  for (const seen of await travel(value)) expect(seen).toEqual(value);
});

test("any JSON", async () => {
  await fc.assert(
    fc.asyncProperty(anyJson, async (value) => {
      for (const seen of await travel(value)) expect(seen).toEqual(value);
    }),
    { numRuns: 40 },
  );
});

describe("sizes around the border where a payload leaves its record", () => {
  const around = [-2, -1, 0, 1, 2].map((more) => LIMITS.inline_bytes + more);

  test.each(around)("a payload of %i bytes", async (bytes) => {
    const project = newProject();
    const frame = JSON.stringify({ task_description: "Do it.", context: "" }).length;
    const context = "x".repeat(bytes - frame);
    const id = await project.task({ context });
    const record = await project.record(id);
    expect(record.payload_bytes).toBe(bytes);
    expect(record.payload_blob === undefined).toBe(bytes <= LIMITS.inline_bytes);
    expect((await project.claim("ada")).context).toBe(context);
    expect(await project.audit()).toEqual([]);
  });

  test.each(around)("a result of %i bytes", async (bytes) => {
    const result = "é".repeat((bytes - 2) / 2).padEnd(bytes - 2 - Math.floor((bytes - 2) / 2), "x");
    for (const seen of (await travel(result)).slice(1)) expect(seen).toBe(result);
  });
});

test("a context and a result of 250 KB arrive whole, a piece at a time", async () => {
  const project = newProject();
  const context = { text: "word 🦜 ".repeat(25_000) };
  const task_id = await project.task({ context });
  const task = await project.claim("ada");
  expect(task.context).toBeUndefined();
  expect(task["cut"]).toMatch(`get_task_status {task_id: "${task_id}"`);
  expect((await wholeStatus(project, task_id))["context"]).toEqual(context);
  await project.complete(task.lease, context);
  expect((await wholeStatus(project, task_id))["result"]).toEqual(context);
  expect(await project.audit()).toEqual([]);
});

test("payloads over 256 KB are refused with the limit, and nothing changes", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.payload_bytes);
  await project.task();
  const { lease } = await project.claim("ada");
  const before = await project.record("r1t1");
  const creation = { agent_type: "implementation", task_description: "Do it.", context: large };
  expect(await project.refusal(createTask, creation)).toMatchObject({
    reason: "too_large",
    parameters: ["context"],
    limit: LIMITS.payload_bytes,
  });
  const submit = { lease, status: "completed" as const, result: large };
  const refusal = await project.refusal(submitResult, submit);
  expect(refusal).toMatchObject({ reason: "too_large", parameters: ["result"] });
  expect(refusal.message).toMatch("You still hold the task");
  // The refusal renews the lease.
  const lease_after = { ...before.lease, alive: true };
  expect(await project.record("r1t1")).toEqual({ ...before, lease: lease_after });
  expect((await project.run("r1")).tasks).toBe(1);
});

test("a description over the limit of a reply is cut, and the pointer leads to all of it", async () => {
  const project = newProject();
  const task_description = `Title\n${"🦜 and 日本語 ".repeat(10_000)}end.`;
  const task_id = await project.task({ task_description, context: { small: true } });
  const task = await project.claim("ada");
  expect(task_description.startsWith(task.task_description.slice(0, -1))).toBe(true);
  expect(task.task_description.length).toBeLessThan(LIMITS.reply_bytes);
  expect(task["context"]).toEqual({ small: true });
  expect(task["cut"]).toMatch(`get_task_status {task_id: "${task_id}", detail: "full"`);
  expect(await wholeStatus(project, task_id)).toMatchObject({ task_description, title: "Title" });
});

test("an error arrives exactly, also with odd characters in it", async () => {
  const project = newProject();
  const id = await project.task();
  const { lease } = await project.claim("ada");
  const error = {
    message: 'It "broke"\u0000 \ud800 🦜',
    code: "E\ud800",
    category: "permission" as const,
    details: { list: [], none: {}, n: 1e21 },
  };
  await project.ok(submitResult, { lease, status: "failed", error });
  expect((await wholeStatus(project, id))["error"]).toEqual(error);
});

test("names with odd characters neither fail a call nor mix with others", async () => {
  const project = newProject();
  const odd = ['a"b\\', "a\u0000b", "\ud800", "🦜", "lanes:x", "a|b", "__proto__", "constructor"];
  for (const name of odd) {
    const options = { requires: [name], assignee: name };
    const id = await project.task({ agent_type: name, options, task_description: name });
    const agent = { agent_type: name, capabilities: [name] };
    const task = await project.claim(name, agent);
    expect(task.lease).toMatch(`${id}.1.`);
    await project.ok(heartbeat, { lease: task.lease, message: name });
    const { tasks } = await project.ok(listTasks, { agent_type: name });
    expect(tasks.map(({ task_id }) => task_id)).toEqual([id]);
  }
  const { agents } = await project.ok(listAgents, {});
  expect(agents.map(({ agent_id }) => agent_id).toSorted()).toEqual(
    odd.map((name) => name.toWellFormed()).toSorted(),
  );
  expect(await project.audit()).toEqual([]);
});
