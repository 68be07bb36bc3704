/** What cannot be done is refused with the right status and a sentence that helps, on both skins, and changes nothing. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Dump } from "../support/dump.ts";
import { ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import { apiOf, dumpOf, type KeyRole } from "../support/worker-api.ts";

const stack = useStack();
let before: Dump;

beforeAll(async () => {
  const api = apiOf(stack());
  await api.task("held");
  await api.task("waiting");
  await api.claim("holder", { agent_type: "held" });
});
beforeEach(async () => {
  before = await dumpOf(stack());
});
afterEach(async () => expect(await dumpOf(stack())).toEqual(before));

type Refused = [what: string, tool: string, args: object, reason: string, says: string | RegExp];
const task = { agent_type: "held", task_description: "Do it" };

/** Calls that can be told apart only by their arguments: the same on both skins. */
const CALLS: Refused[] = [
  ["a missing parameter", "create_task", { agent_type: "x" }, "invalid", "task_description"],
  ["a wrong type", "create_task", { ...task, priority: "high" }, "invalid", "whole number"],
  ["a number out of range", "create_task", { ...task, priority: 10 }, "invalid", "at most 9"],
  ["a fraction", "poll_tasks", { agent_id: "a", max_tasks: 1.5 }, "invalid", "whole number"],
  ["no such status", "list_tasks", { status: "redy" }, "invalid", "Did you mean ready?"],
  ["a list for an object", "create_task", { ...task, options: [] }, "invalid", "an object"],
  ["too long a name", "poll_tasks", { agent_id: "a".repeat(10_000) }, "invalid", "100 characters"],
  [
    "a misspelt parameter",
    "create_task",
    { ...task, priorty: 1 },
    "unknown_parameter",
    "priority?",
  ],
  ["another's word", "get_task_status", { workflow_id: "r1" }, "unknown_parameter", "run_id?"],
  [
    "what every object has",
    "create_task",
    { ...task, constructor: 1 },
    "unknown_parameter",
    "constructor",
  ],
  [
    "an unknown option",
    "create_task",
    { ...task, options: { lock: [] } },
    "unknown_parameter",
    "locks?",
  ],
  [
    "a schema that nothing could be checked with",
    "create_task",
    { ...task, options: { result_schema: { type: "objekt" } } },
    "invalid",
    "options.result_schema.type",
  ],
  ["too deep a value", "create_task", { ...task, context: nested(100) }, "invalid", "64 levels"],
  [
    "too large a context",
    "create_task",
    { ...task, context: { x: "x".repeat(262_144) } },
    "too_large",
    "262144",
  ],
  ["no such task", "get_task_status", { task_id: "r9t9" }, "not_found", "No task r9t9 here"],
  [
    "no such run",
    "create_task",
    { ...task, run_id: "r9" },
    "not_found",
    "Nothing was created: no r9",
  ],
  ["no such dependency", "create_task", { ...task, dependencies: ["r9t1"] }, "not_found", "r9t1"],
  ["a foreign cursor", "list_tasks", { run_id: "r1", cursor: "r2t1" }, "invalid", "cursor"],
  ["a lease of no form", "heartbeat", { lease: "mine" }, "lease_unknown", "Call poll_tasks"],
  [
    "a lease that never was",
    "heartbeat",
    { lease: "r1t1.1.aaaaaaaaaa" },
    "lease_unknown",
    "Call poll_tasks",
  ],
  [
    "a newcomer without a type",
    "poll_tasks",
    { agent_id: "new", wait_seconds: 0 },
    "agent_type_needed",
    "agent_type",
  ],
  [
    "a version that is not",
    "set_shared_state",
    { key: "k", value: 1, if_version: 3 },
    "version_conflict",
    "k does not exist",
  ],
  [
    "a graph with faults, all of which are said",
    "create_workflow",
    {
      name: "Knot",
      agent_type: "x",
      tasks: [
        { key: "a", task_description: "A", dependencies: ["b"] },
        { key: "b", task_description: "B", dependencies: ["a"] },
        { key: "test", task_description: "T", dependencies: ["tset"] },
      ],
    },
    "graph",
    /^Nothing was created.*did you mean test\?.*cycle a → b → a/,
  ],
];

describe.each(ERAS)("to an MCP client of %s", (era) => {
  const connect = (role: KeyRole) =>
    openMcpClient({ era, url: stack().mcpUrl, key: stack().keys[role] });

  test.each(CALLS)("%s is an error result: %s", async (_, tool, args, reason, says) => {
    const { isError, content, text } = await (await connect("orchestrator")).call(tool, args);
    expect(content).toMatchObject({ reason, message: expect.stringMatching(says) });
    expect(isError).toBe(true);
    expect(JSON.parse(text)).toEqual(content);
  });

  test.each([
    ["viewer", "create_task", task, "create_task needs a worker key; this is a viewer key."],
    [
      "viewer",
      "poll_tasks",
      { agent_id: "a" },
      "poll_tasks needs a worker key; this is a viewer key.",
    ],
  ] as const)("a %s may not %s", async (role, tool, args, message) => {
    const { isError, content } = await (await connect(role)).call(tool, args);
    expect([isError, content["reason"], content["message"]]).toEqual([true, "role", message]);
  });

  test("a worker may create children of its own task only, and is told so", async () => {
    const { isError, content } = await (await connect("worker")).call("create_task", task);
    expect(isError).toBe(true);
    expect(content["message"]).toContain("pass the lease of that task");
  });

  test("an unknown tool is a protocol error that names the nearest", async () => {
    await expect((await connect("worker")).call("pol_tasks", {})).rejects.toThrow(
      "did you mean poll_tasks?",
    );
  });

  test("without a key there is no connection", async () => {
    await expect(
      openMcpClient({ era, url: stack().mcpUrl, key: "btn_local_nobody" }),
    ).rejects.toThrow();
  });
});

const STATUS: Record<string, number> = {
  invalid: 400,
  unknown_parameter: 400,
  agent_type_needed: 400,
  not_found: 404,
  lease_unknown: 404,
  version_conflict: 409,
  too_large: 413,
  graph: 422,
};

describe("over REST", () => {
  test.each(CALLS)("%s is a problem: %s", async (_, tool, args, reason, says) => {
    const { status, body } = await apiOf(stack()).call(tool, args);
    expect(body).toMatchObject({ reason, detail: expect.stringMatching(says) });
    expect(status).toBe(STATUS[reason]);
  });

  test("a viewer may not create", async () => {
    const { status, body } = await apiOf(stack(), "viewer").call("create_task", task);
    expect([status, body["reason"]]).toEqual([403, "role"]);
  });

  test("a cursor far beyond the last run is harmless", async () => {
    const { status, body } = await apiOf(stack()).call("list_tasks", { cursor: "r999999999t9999" });
    expect(status).toBe(200);
    expect(body["tasks"]).toHaveLength(1);
  });

  test("an unknown tool is 404 and names the nearest", async () => {
    const { status, body } = await apiOf(stack()).call("creat_task", task);
    expect(status).toBe(404);
    expect(body["detail"]).toContain("did you mean create_task?");
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level++) value = { value };
  return value;
}
