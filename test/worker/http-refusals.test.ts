/** What is refused before any tool is looked at, on both skins: with the right status, a sentence that helps, no change. */
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import type { Dump } from "../support/dump.ts";
import { useStack } from "../support/stack.ts";
import { dumpOf, headersOf } from "../support/worker-api.ts";

const stack = useStack();
const task = { agent_type: "held", task_description: "Do it" };
let before: Dump;
beforeEach(async () => {
  before = await dumpOf(stack());
});
afterEach(async () => expect(await dumpOf(stack())).toEqual(before));

describe.each(["/mcp", "/v1/tools/create_task"])("at %s", (path) => {
  const valid = path === "/mcp" ? mcpCall("create_task", task) : JSON.stringify(task);
  const send = async (body: RequestInit["body"], headers: Record<string, string> = {}) => {
    const accept = "application/json, text/event-stream";
    const response = await fetch(stack().baseUrl + path, {
      method: "POST",
      headers: { ...headersOf("orchestrator"), accept, ...headers },
      body: body ?? null,
      ...(body instanceof ReadableStream && { duplex: "half" }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  test.each(["{", '{"a":1', "agent_type=x", '{"priority":NaN}', "\u0000"])(
    "a body that is no JSON is 400: %j",
    async (body) => {
      const { status, text } = await send(body);
      expect(status).toBe(400);
      expect(text).toContain("not JSON");
    },
  );

  test("a body that is no UTF-8 is 400", async () => {
    const { status } = await send(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
    expect(status).toBe(400);
  });

  test("a body over the limit is 413, which names the limit", async () => {
    const { status, text } = await send(`${valid}${" ".repeat(LIMITS.body_bytes)}`);
    expect(status).toBe(413);
    expect(text).toContain(String(LIMITS.body_bytes));
  });

  test("a body over the limit is 413 also when it comes in pieces that announce no length", async () => {
    const { status } = await send(pieces(valid, LIMITS.body_bytes));
    expect(status).toBe(413);
  });

  test("another content type is 415", async () => {
    const { status, text } = await send(valid, { "content-type": "text/plain" });
    expect(status).toBe(415);
    expect(text).toMatch(/application\/json/i);
  });

  test.each([
    ["no key", { authorization: "" }],
    ["a key of another scheme", { authorization: "Basic YTpi" }],
    ["a key that is not", { authorization: "Bearer btn_local_nobody" }],
    ["a key with something behind it", { authorization: "Bearer btn_local_admin x" }],
  ])("%s is 401 with a challenge", async (_, headers) => {
    const { status, text, headers: answered } = await send(valid, headers);
    expect(status).toBe(401);
    expect(text).toContain("Authorization");
    expect(answered.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test.each(["https://evil.example", "null", "http://localhost.evil.example", "file://"])(
    "a page of %s is 403",
    async (origin) => {
      const { status, text } = await send(valid, { origin });
      expect(status).toBe(403);
      expect(text).toContain("another site");
    },
  );

  test("another host name is 403, as of a site that had its name point here", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...headersOf("orchestrator"), host: "evil.example" };
      request(stack().baseUrl + path, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once("error", reject)
        .end(valid);
    });
    expect(status).toBe(403);
  });

  test.each(["GET", "DELETE", "PUT"])("%s is 405 and says what is allowed", async (method) => {
    const response = await fetch(stack().baseUrl + path, {
      method,
      headers: { ...headersOf("orchestrator"), accept: "text/event-stream" },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });
});

function mcpCall(name: string, args: object): string {
  const params = { name, arguments: args };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

/** A body of the given text and then blanks. */
function pieces(text: string, blanks: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let left = blanks;
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(text)),
    pull: (controller) => {
      const size = Math.min(left, 65_536);
      left -= size;
      if (size === 0) controller.close();
      else controller.enqueue(encoder.encode(" ".repeat(size)));
    },
  });
}
