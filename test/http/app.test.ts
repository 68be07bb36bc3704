/** Routes, guards and errors of the HTTP skin. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { keyOf, post, SECRET, smallApp } from "../support/small-app.ts";

const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);

afterEach(() => {
  logged.mockClear();
});

/** The log lines of one event. */
function lines(event: string): Record<string, unknown>[] {
  return logged.mock.calls
    .map(([line]): Record<string, unknown> => JSON.parse(String(line)))
    .filter((line) => line["event"] === event);
}

describe("a tool call", () => {
  test("answers with what the operation returned", async () => {
    const reply = await smallApp().request("/v1/tools/echo", post({ text: "hi", data: [1] }));
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ text: "hi", data: [1], role: "worker" });
  });

  test("without a body is one without arguments", async () => {
    const reply = await smallApp().request("/v1/tools/wait", {
      method: "POST",
      headers: { authorization: `Bearer ${keyOf("worker")}` },
    });
    expect(await reply.json()).toMatchObject({ waited: true });
  });

  test("takes Idempotency-Key as the argument of that name", async () => {
    const headers = { "idempotency-key": "k1" };
    const call = (body: object) => smallApp().request("/v1/tools/echo", post(body, headers));
    expect(await (await call({ text: "a" })).json()).toHaveProperty("idempotency_key", "k1");
    expect(await (await call({ text: "a", idempotency_key: "own" })).json()).toHaveProperty(
      "idempotency_key",
      "own",
    );
  });

  test("ignores Idempotency-Key where the operation takes none", async () => {
    const reply = await smallApp().request("/v1/tools/wait", post({}, { "idempotency-key": "k" }));
    expect(reply.status).toBe(200);
  });

  test("is logged as one line without its content", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await smallApp().request("/v1/tools/echo", post({ text: SECRET }, { traceparent }));
    expect(lines("operation")).toEqual([
      expect.objectContaining({
        operation: "echo",
        skin: "rest",
        project: "test",
        key_id: "test-worker",
        outcome: "ok",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        duration_ms: expect.any(Number),
      }),
    ]);
    expect(JSON.stringify(logged.mock.calls)).not.toContain(SECRET);
  });

  test("that is refused says reason, detail and facts", async () => {
    const reply = await smallApp().request("/v1/tools/decline", post({}));
    expect(reply.status).toBe(409);
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(await reply.json()).toEqual({
      title: "Conflict",
      status: 409,
      detail: "Another worker has r1t1. Stop.",
      reason: "lease_lost",
      task_id: "r1t1",
    });
    expect(lines("operation")).toMatchObject([{ outcome: "refused", reason: "lease_lost" }]);
  });

  test("with wrong arguments is refused with all that is wrong", async () => {
    const reply = await smallApp().request("/v1/tools/echo", post({ txt: "hi" }));
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      reason: "unknown_parameter",
      detail: "No parameter txt; did you mean text? Missing: text (text).",
    });
  });

  test("that the key may not make is refused with the role it needs", async () => {
    const reply = await smallApp().request("/v1/tools/steer", post({}));
    expect(reply.status).toBe(403);
    expect(await reply.json()).toMatchObject({
      reason: "role",
      detail: "steer needs an orchestrator key; this is a worker key.",
    });
  });

  test("of an unknown tool names the nearest", async () => {
    const reply = await smallApp().request("/v1/tools/ecoh", post({}));
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ detail: 'No tool "ecoh"; did you mean echo?' });
  });

  test("whose operation breaks shows an id, and logs the rest without the payload", async () => {
    const reply = await smallApp().request("/v1/tools/collapse", post({}));
    expect(reply.status).toBe(500);
    const problem: unknown = await reply.json();
    const [fault] = lines("fault");
    expect(problem).toMatchObject({ reason: "fault", fault_id: fault?.["fault_id"] });
    expect(JSON.stringify(problem)).not.toContain("ERR value");
    expect(fault).toMatchObject({ error_name: "Error", error_message: "ERR value" });
    expect(lines("operation")).toMatchObject([{ outcome: "fault", fault_id: fault?.["fault_id"] }]);
    expect(JSON.stringify(logged.mock.calls)).not.toContain(SECRET);
  });
});

describe("a body", () => {
  const big = JSON.stringify({ text: "x".repeat(LIMITS.body_bytes) });

  test.each([["{"], ['{"text":'], ["text"], ["\u0000"]])(
    "of %j is refused as no JSON",
    async (body) => {
      const reply = await smallApp().request("/v1/tools/echo", post(body));
      expect(reply.status).toBe(400);
      expect(await reply.json()).toMatchObject({ detail: expect.stringContaining("not JSON") });
    },
  );

  test("of another media type is refused with 415", async () => {
    const form = post("text=hi", { "content-type": "application/x-www-form-urlencoded" });
    expect((await smallApp().request("/v1/tools/echo", form)).status).toBe(415);
  });

  test("that is no UTF-8 is refused", async () => {
    const init = { ...post("{}"), body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) };
    expect((await smallApp().request("/v1/tools/echo", init)).status).toBe(400);
  });

  test.each(["/v1/tools/echo", "/mcp"])(
    "over 1 MB is refused at %s with 413 and the limit",
    async (path) => {
      const reply = await smallApp().request(path, post(big));
      expect(reply.status).toBe(413);
      expect(await reply.json()).toMatchObject({
        reason: "too_large",
        limit_bytes: LIMITS.body_bytes,
      });
    },
  );

  test("over 1 MB is refused also when its Content-Length is smaller", async () => {
    const reply = await smallApp().request("/v1/tools/echo", post(big, { "content-length": "2" }));
    expect(reply.status).toBe(413);
  });

  test("that announces over 1 MB is refused before it is read", async () => {
    const headers = { "content-length": String(LIMITS.body_bytes + 1) };
    const unread = new ReadableStream(
      {
        pull: () => {
          throw new Error("read");
        },
      },
      { highWaterMark: 0 },
    );
    const init: RequestInit & { duplex: "half" } = {
      ...post("", headers),
      body: unread,
      duplex: "half",
    };
    expect((await smallApp().request("/v1/tools/echo", init)).status).toBe(413);
  });

  test("without an end is left as soon as it is over 1 MB", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
      cancel: () => {
        cancelled = true;
      },
    });
    const init: RequestInit & { duplex: "half" } = { ...post(""), body: endless, duplex: "half" };
    expect((await smallApp().request("/v1/tools/echo", init)).status).toBe(413);
    expect(cancelled).toBe(true);
  });
});

describe("a key", () => {
  test.each([
    ["is missing", {}, "Bearer"],
    ["is not a bearer", { authorization: "Basic YTpi" }, "Bearer"],
    ["is unknown", { authorization: "Bearer btn_test_nobody" }, 'Bearer error="invalid_token"'],
  ])("that %s is answered with 401 and what to do", async (_, headers, challenge) => {
    for (const path of ["/mcp", "/v1/tools/echo"]) {
      const reply = await smallApp().request(path, { method: "POST", headers, body: "{}" });
      expect(reply.status).toBe(401);
      expect(reply.headers.get("www-authenticate")).toBe(challenge);
      expect(await reply.json()).toMatchObject({
        reason: "unauthorized",
        detail: expect.stringMatching(/key|Bearer/),
      });
    }
  });

  test("in the URL is not taken", async () => {
    const url = `/v1/tools/echo?authorization=${keyOf("admin")}&key=${keyOf("admin")}`;
    expect((await smallApp().request(url, { method: "POST", body: "{}" })).status).toBe(401);
  });

  test.each([
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
  ])("is not talked away by a discovery document at %s", async (path) => {
    expect((await smallApp().request(path)).status).toBe(404);
  });
});

describe("a browser", () => {
  const LOCAL = ["127.0.0.1", "localhost", "[::1]"];

  test.each([
    ["no origin", "http://localhost:8787", undefined, 200],
    ["its own origin", "http://localhost:8787", "http://localhost:8787", 200],
    ["another local port", "http://127.0.0.1:8787", "http://localhost:6274", 200],
    ["IPv6 loopback", "http://[::1]:8787", "http://[::1]:3000", 200],
    ["a foreign origin", "http://localhost:8787", "https://evil.example", 403],
    ["an opaque origin", "http://localhost:8787", "null", 403],
    ["a name that only looks local", "http://localhost:8787", "http://localhost.evil.example", 403],
    ["a rebound name", "http://evil.example:8787", "http://evil.example:8787", 403],
    ["a rebound name without origin", "http://evil.example:8787", undefined, 403],
  ])("with %s gets the right answer from the local stack", async (_, base, origin, status) => {
    const app = smallApp({ allowedHosts: LOCAL });
    const call = post({ text: "hi" }, origin === undefined ? {} : { origin });
    expect((await app.request(`${base}/v1/tools/echo`, call)).status).toBe(status);
  });

  test.each([
    ["https://baton.example", 200],
    ["https://evil.example", 403],
    ["http://localhost:3000", 403],
  ])("with origin %s gets the right answer from a deployment", async (origin, status) => {
    const call = post({ text: "hi" }, { origin });
    const reply = await smallApp().request("https://baton.example/v1/tools/echo", call);
    expect(reply.status).toBe(status);
  });

  test("is refused before its key is looked at", async () => {
    const app = smallApp({
      authenticate: () => {
        throw new Error("asked");
      },
    });
    const reply = await app.request("/mcp", post({}, { origin: "https://evil.example" }));
    expect(await reply.json()).toMatchObject({ status: 403, reason: "origin" });
  });
});

describe("other routes", () => {
  test("/healthz says that the Worker is alive, whatever its environment", async () => {
    const reply = await smallApp().request("/healthz");
    expect([reply.status, await reply.json()]).toEqual([200, { status: "alive" }]);
  });

  test("/readyz says when Redis does not answer", async () => {
    const reply = await smallApp().request("/readyz");
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ reason: "unavailable" });
  });

  test.each([
    ["GET", "/v1/tools/echo", "POST"],
    ["DELETE", "/healthz", "GET"],
    ["POST", "/readyz", "GET"],
  ])("%s %s is answered with 405 and the method to use", async (method, path, allow) => {
    const reply = await smallApp().request(path, { method });
    expect([reply.status, reply.headers.get("allow")]).toEqual([405, allow]);
    expect(await reply.json()).toMatchObject({ reason: "method" });
  });

  test("an unknown path is answered with 404 and where to go", async () => {
    const reply = await smallApp().request("/mpc", { method: "POST" });
    expect(await reply.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("POST /mcp"),
    });
  });
});
