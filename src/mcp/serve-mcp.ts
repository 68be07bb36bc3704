/** `POST /mcp`: both protocol eras on one URL, each request on its own. */
import { createMcpHandler } from "@modelcontextprotocol/server";
import { log } from "../observability/log.ts";
import { buildServer } from "./server.ts";
import type { Session } from "./session.ts";

/**
 * How often a waiting stream sends a comment. workerd learns that a client is gone when it writes to it, so that until
 * then a wait may still claim work for somebody who no longer listens.
 */
const KEEP_ALIVE_MS = 2_000;
/** 2025-era clients may send several messages at once. Each is a call of its own, so that a body could hold thousands. */
const BATCH = 20;

/** Answers an MCP request whose body was read already, as `text`. */
export async function serveMcp(session: Session, text: string): Promise<Response> {
  const { request } = session;
  if (request.method !== "POST") return handler(session).fetch(request);
  let parsedBody: unknown;
  try {
    parsedBody = JSON.parse(text);
  } catch {
    return jsonRpcError(-32700, "The body is not JSON. Send one JSON-RPC request.");
  }
  if (Array.isArray(parsedBody) && parsedBody.length > BATCH) {
    return jsonRpcError(-32600, `A batch may hold ${BATCH} messages; given ${parsedBody.length}.`);
  }
  return handler(session).fetch(request, { parsedBody });
}

function handler(session: Session) {
  return createMcpHandler(() => buildServer(session), {
    // Otherwise a 2026-era client gets no byte before the result, and gives up on a long wait after a minute.
    // The SDK holds this header against the body.
    responseMode: waits(session) ? "sse" : "auto",
    keepAliveMs: KEEP_ALIVE_MS,
    onerror: (error) =>
      log("mcp_rejected", { error_name: error.name, error_message: error.message.slice(0, 200) }),
  });
}

function waits({ tools, request }: Session): boolean {
  const name = request.headers.get("mcp-name");
  return tools.some(({ operation }) => operation.waits && operation.name === name);
}

function jsonRpcError(code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status: 400 });
}
