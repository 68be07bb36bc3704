/** `POST /mcp`: both protocol eras on one URL, each request on its own. */
import { mcpHandler } from "./handler.ts";
import { heardAtOnce } from "./heard-at-once.ts";
import { jsonRpcError } from "./json-rpc.ts";
import type { Session } from "./session.ts";
import { readListen } from "./subscriptions/read-listen.ts";
import { serveListen } from "./subscriptions/serve-listen.ts";

/** 2025-era clients may send several messages at once. Each is a call of its own, so that a body could hold thousands. */
const BATCH = 20;

/** Answers an MCP request whose body was read already, as `text`. */
export async function serveMcp(session: Session, text: string): Promise<Response> {
  const { request } = session;
  if (request.method !== "POST") return mcpHandler(session).fetch(request);
  let parsedBody: unknown;
  try {
    parsedBody = JSON.parse(text);
  } catch {
    return refused(-32700, "The body is not JSON. Send one JSON-RPC request.");
  }
  if (Array.isArray(parsedBody) && parsedBody.length > BATCH) {
    return refused(-32600, `A batch may hold ${BATCH} messages; given ${parsedBody.length}.`);
  }
  const listen = readListen(parsedBody);
  if (listen) return serveListen(session, listen);
  const response = await mcpHandler(session).fetch(request, { parsedBody });
  return heardAtOnce(response, { session, body: parsedBody });
}

function refused(code: number, message: string): Response {
  return jsonRpcError({ code, message }, { id: null, status: 400 });
}
