/** Both generations of MCP clients do a whole task over the wire, and see what the contract promises them. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LOCAL_KEYS } from "../../infra/local/stack.ts";
import { type Answer, ERAS } from "../support/mcp-clients.ts";
import { openMcpClient } from "../support/open-mcp-client.ts";
import { useStack } from "../support/stack.ts";
import contract from "./tools.json" with { type: "json" };

const READING = ["get_task_status", "list_tasks", "list_agents", "get_shared_state"];
const WORKING = [
  "create_task",
  "create_workflow",
  "poll_tasks",
  "heartbeat",
  "submit_result",
  "get_task_status",
  "get_shared_state",
  "set_shared_state",
];
const ALL = contract.tools.map(({ name }) => name);
const LISTED = { admin: ALL, orchestrator: ALL, worker: WORKING, viewer: READING };
const HINTS = ["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"];

const jsonSchema = z.custom<Parameters<typeof z.fromJSONSchema>[0]>();
const leased = z.looseObject({ tasks: z.tuple([z.looseObject({ lease: z.string() })]) });

const stack = useStack();

describe.each(ERAS)("a client of %s", (era) => {
  const connect = (role: keyof typeof LOCAL_KEYS) =>
    openMcpClient({ era, url: stack().mcpUrl, key: LOCAL_KEYS[role] });

  test("really negotiates that protocol", async () => {
    const { version } = await connect("worker");
    expect(version).toBe(era);
  });

  test("creates, polls, heartbeats, submits and sees the result, each answer as its schema says", async () => {
    const orchestrator = await connect("orchestrator");
    const worker = await connect("worker");
    const fits = async (name: string, answer: Promise<Answer>) => {
      const { content, text, isError } = await answer;
      expect({ isError, text }).toMatchObject({ isError: false });
      expect(JSON.parse(text)).toEqual(content);
      const schema = orchestrator.tools.find((tool) => tool.name === name)?.outputSchema;
      expect(z.fromJSONSchema(jsonSchema.parse(schema)).safeParse(content).error).toBeUndefined();
      return content;
    };
    const agent_type = `life-${era}`;

    const { task_id } = await fits(
      "create_task",
      orchestrator.call("create_task", {
        agent_type,
        task_description: "Add up\nAdd the two numbers.",
        context: { numbers: [1, 2] },
      }),
    );
    const polled = await fits(
      "poll_tasks",
      worker.call("poll_tasks", { agent_id: `adder-${era}`, agent_type, wait_seconds: 0 }),
    );
    expect(polled["tasks"]).toEqual([
      {
        lease: expect.stringMatching(`^${String(task_id)}\\.1\\.[a-z0-9]{10}$`),
        lease_seconds: 3600,
        fence: "1.1",
        task_description: "Add up\nAdd the two numbers.",
        context: { numbers: [1, 2] },
      },
    ]);
    const { lease } = leased.parse(polled).tasks[0];
    const beat = await fits("heartbeat", worker.call("heartbeat", { lease, progress: 50 }));
    expect(beat).toEqual({ lease_seconds: 3600 });
    const submitted = await fits(
      "submit_result",
      worker.call("submit_result", { lease, status: "completed", result: { sum: 3 } }),
    );
    expect(submitted).toEqual({ task_id, status: "completed" });
    const status = await fits("get_task_status", orchestrator.call("get_task_status", { task_id }));
    expect(status).toMatchObject({ task_id, status: "completed", result: { sum: 3 } });
  });

  test.each(["admin", "orchestrator", "worker", "viewer"] as const)(
    "with the key of role %s lists its tools word for word, with title and annotations",
    async (role) => {
      const { tools } = await connect(role);
      const wire = tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        inputSchema,
      }));
      expect(wire).toEqual(contract.tools.filter(({ name }) => LISTED[role].includes(name)));
      for (const { title, annotations } of tools) {
        expect(title).toMatch(/^[A-Z]/);
        expect(Object.keys(annotations ?? {}).toSorted()).toEqual(HINTS);
      }
    },
  );

  test("reads the protocol in the instructions", async () => {
    const { client } = await connect("worker");
    expect(client.getInstructions()).toBe(contract.instructions);
    expect(client.getServerVersion()).toMatchObject({ name: "baton" });
  });

  test("gets each prompt filled in, and is told when there is none of that name", async () => {
    const { client } = await connect("worker");
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      "orchestrator",
      "planning_agent",
      "implementation_agent",
      "testing_agent",
    ]);
    for (const { name } of prompts) {
      const filled = { agent_id: "ada-7", goal: "Ship the parser" };
      const { messages } = await client.getPrompt({ name, arguments: filled });
      expect(JSON.stringify(messages)).toContain("Ship the parser");
      expect(JSON.stringify(messages)).toContain(name === "orchestrator" ? "create_" : "ada-7");
    }
    await expect(client.getPrompt({ name: "orchestrater" })).rejects.toThrow(
      "did you mean orchestrator?",
    );
  });

  test("reads runs, tasks and shared state as resources", async () => {
    const { client, call } = await connect("orchestrator");
    const { content } = await call("create_task", {
      agent_type: `resource-${era}`,
      task_description: "Look at me",
    });
    const task_id = String(content["task_id"]);
    const run_id = task_id.replace(/t\d+$/, "");
    await call("set_shared_state", { key: `plans/${era}`, value: { step: 1 } });

    const read = async (uri: string): Promise<unknown> => {
      const { contents } = await client.readResource({ uri });
      const [first] = contents;
      return first && "text" in first && JSON.parse(first.text);
    };
    expect(await read(`baton://tasks/${task_id}`)).toMatchObject({ task_id, status: "ready" });
    expect(await read(`baton://runs/${run_id}`)).toMatchObject({ run_id, status: "active" });
    expect(await read(`baton://state/plans%2F${era}`)).toMatchObject({ value: { step: 1 } });
    for (const [uri, says] of [
      ["baton://tasks/r99999t1", "No task r99999t1 here (unknown, or removed"],
      ["baton://runs/r99999", "No run r99999 here (unknown, or removed"],
      ["baton://constructor/x", "No resource"],
      ["baton://state/%E0%A4%A", "No resource"],
    ] as const) {
      await expect(read(uri)).rejects.toThrow(says);
    }
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "baton://runs/{id}",
      "baton://tasks/{id}",
      "baton://state/{key}",
    ]);
  });
});
