/** What must hold for every tool and prompt, and what they cost. */
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import type { Role } from "../../src/domain/role.ts";
import { INSTRUCTIONS } from "../../src/mcp/instructions.ts";
import { PROMPTS } from "../../src/mcp/prompts/index.ts";
import { SERVER_INFO } from "../../src/mcp/server.ts";
import type { Tool } from "../../src/mcp/tool.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { controlTask } from "../../src/operations/control-task.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { OPERATIONS } from "../../src/operations/registry.ts";
import { NEEDS } from "../../src/operations/waiting/needs.ts";

const named = TOOLS.map((tool) => ({ name: tool.operation.name, tool }));

function listed(role: Role): string[] {
  return named.filter(({ tool }) => tool.listedFor.includes(role)).map(({ name }) => name);
}

function tokens(tools: readonly Tool[]): number {
  const shown = tools.map(({ operation, description, inputSchema }) => ({
    name: operation.name,
    description,
    inputSchema,
  }));
  return encode(JSON.stringify(shown)).length;
}

describe("the tools", () => {
  test("are one for each operation of agents, in an order that does not change", () => {
    expect(named.map(({ name }) => name)).toEqual([
      "create_task",
      "create_workflow",
      "poll_tasks",
      "heartbeat",
      "submit_result",
      "get_task_status",
      "list_tasks",
      "wait_for_tasks",
      "control_task",
      "list_agents",
      "get_shared_state",
      "set_shared_state",
      "set_breaker",
      "audit",
      "register_agent",
      "get_dead_letter_tasks",
    ]);
    // What only administrators need they do over HTTP.
    const tools = new Set(named.map(({ name }) => name));
    const others = OPERATIONS.filter(({ name }) => !tools.has(name));
    expect(others.flatMap(({ roles }) => roles).filter((role) => role !== "admin")).toEqual([]);
  });

  test("that a worker sees are the eight it needs", () => {
    expect(listed("worker")).toEqual([
      "create_task",
      "create_workflow",
      "poll_tasks",
      "heartbeat",
      "submit_result",
      "get_task_status",
      "get_shared_state",
      "set_shared_state",
    ]);
  });

  test("that a viewer sees only read", () => {
    expect(listed("viewer")).toEqual([
      "get_task_status",
      "list_tasks",
      "list_agents",
      "get_shared_state",
    ]);
    for (const { tool } of named.filter(({ tool }) => tool.listedFor.includes("viewer"))) {
      expect(tool.annotations.readOnlyHint).toBe(true);
    }
  });

  test("are all listed for orchestrators and administrators, but for those of an earlier server and of people", () => {
    const shown = named.map(({ name }) => name).slice(0, -4);
    expect(listed("orchestrator")).toEqual(shown);
    expect(listed("admin")).toEqual(shown);
  });

  test("cost at most 2,000 tokens, and a worker's 1,400", () => {
    expect(tokens(TOOLS.filter(({ listedFor }) => listedFor.length > 0))).toBeLessThanOrEqual(
      2_000,
    );
    expect(
      tokens(TOOLS.filter(({ listedFor }) => listedFor.includes("worker"))),
    ).toBeLessThanOrEqual(1_400);
  });

  test.each(named)("$name is listed only for those who may call it", ({ tool }) => {
    for (const role of tool.listedFor) expect(tool.operation.roles).toContain(role);
  });

  test.each(named)(
    "$name advertises what its operation takes, and requires the same",
    ({ tool }) => {
      const { shape } = tool.operation.input;
      const { properties, required = [] } = tool.inputSchema;
      for (const name of Object.keys(properties)) expect(Object.keys(shape)).toContain(name);
      const needed = Object.entries(shape).filter(
        ([, field]) => !field.safeParse(undefined).success,
      );
      expect([...required].toSorted()).toEqual(needed.map(([name]) => name).toSorted());
    },
  );

  test.each(named)("$name advertises in a form that every client can read", ({ tool }) => {
    for (const schema of schemasIn([tool.inputSchema, tool.outputSchema])) {
      expect(["string", "integer", "number", "boolean", "array", "object"]).toContain(
        schema["type"],
      );
      const known = ["type", "description", "enum", "items", "properties", "required"];
      for (const keyword of Object.keys(schema)) expect(known).toContain(keyword);
      expect(schema["type"] === "array").toBe("items" in schema);
    }
  });

  test.each(named)("$name requires nothing of its output, so that refusals fit too", ({ tool }) => {
    for (const schema of schemasIn([tool.outputSchema]))
      expect(schema).not.toHaveProperty("required");
  });

  test.each(named)("$name is not both read-only and destructive", ({ tool }) => {
    const { readOnlyHint, destructiveHint } = tool.annotations;
    expect(readOnlyHint && destructiveHint).toBe(false);
  });
});

describe("the prompts", () => {
  const texts = PROMPTS.flatMap(({ name, text }) => [
    { name, said: "without arguments", text: text({}) },
    {
      name,
      said: "with arguments",
      text: text({ agent_id: "agent-12", goal: "Ship the import of orders from CSV files" }),
    },
  ]);

  test("are one for each customary role", () => {
    expect(PROMPTS.map(({ name }) => name)).toEqual([
      "orchestrator",
      "planning_agent",
      "implementation_agent",
      "testing_agent",
    ]);
  });

  test.each(texts)("$name $said has fewer than 600 tokens", ({ text }) => {
    expect(encode(text).length).toBeLessThan(600);
  });

  test.each(texts)("$name $said speaks only of what exists", ({ text }) => {
    const shapes = OPERATIONS.flatMap(({ input, output }) => [input.shape, output.shape]);
    const handedOut = ["previous_errors", "lease_seconds", "task_description"];
    const known = new Set([
      ...OPERATIONS.map(({ name }) => name),
      ...shapes.flatMap((shape) => Object.keys(shape)),
      ...handedOut,
      ...NEEDS,
      ...controlTask.input.shape.action.options,
      ...submitResult.input.shape.status.options,
      "invalid_input",
    ]);
    for (const [word] of text.matchAll(/\b[a-z]+(?:_[a-z]+)+\b/g)) expect(known).toContain(word);
  });

  test.each(texts.filter(({ said }) => said === "with arguments"))(
    "$name says its name and its goal",
    ({ text }) => {
      expect(text).toContain("agent-12");
      expect(text).toContain("import of orders");
    },
  );
});

test("the instructions and the prompts name only tools that are served", () => {
  const verbs = "create|poll|submit|get|list|wait|control|set|cancel|heartbeat";
  const texts = [INSTRUCTIONS, ...PROMPTS.map(({ text }) => text({ agent_id: "a1", goal: "g" }))];
  const named = texts.flatMap(
    (text) => text.match(new RegExp(`\\b(?:${verbs})_[a-z_]+\\b`, "g")) ?? [],
  );
  const served = new Set([...OPERATIONS.map(({ name }) => name), "poll_next", "wait_seconds"]);
  expect(named.filter((name) => !served.has(name))).toEqual([]);
});

test("the instructions fit where clients cut them", () => {
  expect(INSTRUCTIONS.length).toBeLessThan(1_000);
});

test("the server says the version of the package", () => {
  expect(SERVER_INFO.version).toBe(packageFile.version);
});

/** Every schema inside these, themselves included. */
function schemasIn(roots: readonly object[]): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const open: unknown[] = [...roots];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const schema: Record<string, unknown> = { ...Object(next) };
    found.push(schema);
    open.push(...Object.values(Object(schema["properties"] ?? {})));
    if (schema["items"] !== undefined) open.push(schema["items"]);
  }
  return found;
}
