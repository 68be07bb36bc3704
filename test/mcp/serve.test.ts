/** What the MCP skin does around an operation, seen by the real clients of both protocol eras. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Role } from "../../src/domain/role.ts";
import { INSTRUCTIONS } from "../../src/mcp/instructions.ts";
import { keyOf, post, SECRET, smallApp } from "../support/small-app.ts";

const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);

afterEach(() => {
  logged.mockClear();
});

const URL_OF_MCP = new URL("http://localhost/mcp");

/** Options that let a client talk to the app in process. */
function toApp(role: Role) {
  const app = smallApp();
  return {
    fetch: async (input: string | URL | Request, init?: RequestInit) =>
      app.fetch(new Request(input, init)),
    requestInit: { headers: { authorization: `Bearer ${keyOf(role)}` } },
  };
}

async function modern(role: Role) {
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(new StreamableHTTPClientTransport(URL_OF_MCP, toApp(role)));
  return client;
}

async function legacy(role: Role) {
  const client = new LegacyClient({ name: "test", version: "1" });
  await client.connect(new LegacyTransport(URL_OF_MCP, toApp(role)));
  return client;
}

type OnProgress = (report: { readonly progress: number }) => void;

const WAIT = { name: "wait", arguments: { reports: 3 } };

const ERAS = [
  {
    era: "2026-07-28",
    connect: modern,
    resources: { subscribe: true },
    waitHearing: async (onprogress: OnProgress) =>
      (await modern("worker")).callTool(WAIT, { onprogress }),
  },
  {
    era: "2025-11-25",
    connect: legacy,
    resources: {},
    waitHearing: async (onprogress: OnProgress) =>
      (await legacy("worker")).callTool(WAIT, undefined, { onprogress }),
  },
];

describe.each(ERAS)("a client of $era", ({ connect, waitHearing, resources }) => {
  test("is told the protocol of Baton, and no capability that is not served", async () => {
    const client = await connect("worker");
    expect(client.getInstructions()).toBe(INSTRUCTIONS);
    expect(client.getServerCapabilities()).toEqual({ tools: {}, prompts: {}, resources });
  });

  test("lists the tools of its role, in order, without those that are only served", async () => {
    const names = async (role: Role) =>
      (await (await connect(role)).listTools()).tools.map(({ name }) => name);
    expect(await names("worker")).toEqual(["echo", "collapse", "wait"]);
    expect(await names("admin")).toEqual(["echo", "steer", "collapse", "wait"]);
  });

  test("gets schemas exactly as they were written, with title and all annotations", async () => {
    const { tools } = await (await connect("worker")).listTools();
    expect(tools[0]).toEqual({
      name: "echo",
      title: "echo",
      description: "Does echo.",
      inputSchema: { type: "object", properties: {} },
      outputSchema: { type: "object", properties: { text: { type: "string" } } },
      annotations: {
        readOnlyHint: true,
        destructiveHint: false,
        idempotentHint: true,
        openWorldHint: false,
      },
    });
  });

  test("gets a result as structured content and as the same JSON in text", async () => {
    const client = await connect("worker");
    await client.listTools();
    const result = await client.callTool({ name: "echo", arguments: { text: "hi", data: null } });
    expect(result.structuredContent).toEqual({ text: "hi", role: "worker" });
    expect(result.content).toEqual([
      { type: "text", text: JSON.stringify(result.structuredContent) },
    ]);
    expect(result.isError).toBeUndefined();
  });

  test("gets a refusal as an error result that passes its own check of the output schema", async () => {
    const client = await connect("worker");
    await client.listTools();
    const result = await client.callTool({ name: "decline", arguments: {} });
    const refusal = {
      reason: "lease_lost",
      message: "Another worker has r1t1. Stop.",
      task_id: "r1t1",
    };
    expect(result).toMatchObject({ isError: true, structuredContent: refusal });
    expect(result.content).toEqual([{ type: "text", text: JSON.stringify(refusal) }]);
  });

  test("reads what was wrong with its arguments, and may send more than is advertised", async () => {
    const client = await connect("worker");
    const wrong = await client.callTool({ name: "echo", arguments: { txt: "hi" } });
    expect(wrong).toMatchObject({
      isError: true,
      structuredContent: { reason: "unknown_parameter" },
    });
    const odd = await client.callTool({
      name: "echo",
      arguments: { text: "hi", data: '{"a":1}', wait_for_previous: true },
    });
    expect(odd.structuredContent).toMatchObject({ data: { a: 1 } });
  });

  test("is told which key a tool needs", async () => {
    const result = await (await connect("worker")).callTool({ name: "steer", arguments: {} });
    expect(result).toMatchObject({ isError: true, structuredContent: { reason: "role" } });
  });

  test("gets -32602 and the nearest name for an unknown tool", async () => {
    const call = (await connect("worker")).callTool({ name: "ecoh", arguments: {} });
    await expect(call).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('No tool "ecoh"; did you mean echo?'),
    });
  });

  test("gets an id, and none of the words, of an exception", async () => {
    const result = await (await connect("worker")).callTool({ name: "collapse", arguments: {} });
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { reason: "fault", fault_id: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
    expect(JSON.stringify(result)).not.toContain("ERR");
    expect(JSON.stringify(logged.mock.calls)).not.toContain(SECRET);
  });

  test("hears of progress where it asked for it, and only there", async () => {
    const heard: number[] = [];
    const asked = await waitHearing(({ progress }) => heard.push(progress));
    expect(heard).toEqual([10, 20, 30]);
    expect(asked.structuredContent).toMatchObject({ asked_for_progress: true });
    const silent = await (await connect("worker")).callTool(WAIT);
    expect(silent.structuredContent).toMatchObject({ asked_for_progress: false });
  });

  test("lists four prompts and gets one filled in", async () => {
    const client = await connect("worker");
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      "orchestrator",
      "planning_agent",
      "implementation_agent",
      "testing_agent",
    ]);
    const got = await client.getPrompt({ name: "testing_agent", arguments: { agent_id: "t-7" } });
    expect(got.messages).toMatchObject([
      { role: "user", content: { text: expect.stringContaining("t-7") } },
    ]);
    const unknown = client.getPrompt({ name: "tester_agent" });
    await expect(unknown).rejects.toMatchObject({ code: -32602 });
  });

  test("finds resources by template, and gets -32602 for one that does not exist", async () => {
    const client = await connect("worker");
    expect((await client.listResources()).resources).toEqual([]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "baton://runs/{id}",
      "baton://tasks/{id}",
      "baton://state/{key}",
    ]);
    for (const uri of [
      "baton://tasks/nonsense",
      "baton://plans/1",
      "file:///etc/passwd",
      "baton://runs/%zz",
    ]) {
      await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32602 });
    }
  });
});

describe("on the wire", () => {
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };

  function request(method: string, params: Record<string, unknown>, meta = {}) {
    return post(
      { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: { ...META, ...meta } } },
      {
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof params["name"] === "string" && { "mcp-name": params["name"] }),
      },
    );
  }

  test("a waiting tool streams from the first byte, another answers as JSON", async () => {
    const type = async (name: string, args: object) =>
      (
        await smallApp().request("/mcp", request("tools/call", { name, arguments: args }))
      ).headers.get("content-type");
    expect(await type("wait", {})).toContain("text/event-stream");
    expect(await type("echo", { text: "a" })).toContain("application/json");
  });

  test.each([
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "server/discover",
  ])("%s may be cached by this client alone", async (method) => {
    const reply = await smallApp().request("/mcp", request(method, {}));
    expect(await reply.json()).toMatchObject({
      result: { cacheScope: "private", ttlMs: expect.any(Number) },
    });
  });

  test("the trace of the caller goes into the log, from _meta before the header", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const call = { name: "echo", arguments: { text: "a" } };
    await smallApp().request("/mcp", request("tools/call", call, { traceparent }));
    expect(logged.mock.calls.map(String).join()).toContain(
      '"trace_id":"0af7651916cd43dd8448eb211c80319c"',
    );
  });

  test("a body that is no JSON is a parse error", async () => {
    const reply = await smallApp().request("/mcp", post("{"));
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code: -32700 }, id: null });
  });

  test("a batch of many calls is refused before any of them runs", async () => {
    const call = {
      jsonrpc: "2.0",
      method: "tools/call",
      params: { name: "echo", arguments: { text: "a" } },
    };
    const batch = Array.from({ length: 1_000 }, (_, id) => ({ ...call, id }));
    const reply = await smallApp().request("/mcp", post(batch));
    expect(reply.status).toBe(400);
    expect(logged).not.toHaveBeenCalled();
  });

  test.each(["GET", "DELETE"])(
    "%s is answered with 405, since there is no session",
    async (method) => {
      const headers = { authorization: `Bearer ${keyOf("worker")}` };
      const reply = await smallApp().request("/mcp", { method, headers });
      expect([reply.status, reply.headers.get("allow")]).toEqual([405, "POST"]);
    },
  );

  test("arguments nested half a million deep are refused, not a fault", async () => {
    const init = request("tools/call", { name: "echo" });
    const deep = "[".repeat(400_000) + "]".repeat(400_000);
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","data":${deep}},"_meta":${JSON.stringify(META)}}}`;
    const reply = await smallApp().request("/mcp", { ...init, body });
    expect(await reply.text()).toContain("64 levels");
  });

  test("/mcp-open is served to the caller it is opened for, and is absent otherwise", async () => {
    const call = { ...request("tools/call", { name: "echo", arguments: { text: "a" } }) };
    const headers = new Headers(call.headers);
    headers.delete("authorization");
    const init = { ...call, headers };
    expect((await smallApp().request("/mcp-open", init)).status).toBe(404);
    const openMcp = { project: "test", key_id: "open", role: "admin" as const };
    const reply = await smallApp({ openMcp }).request("/mcp-open", init);
    expect(await reply.json()).toMatchObject({ result: { structuredContent: { role: "admin" } } });
  });
});
