/** The SDK's handler of one request, with what it is to know of ours. */
import { createMcpHandler, type ServerEventBus } from "@modelcontextprotocol/server";
import { log } from "../observability/log.ts";
import { buildServer } from "./server.ts";
import type { Session } from "./session.ts";

/**
 * How often a waiting stream sends a comment. workerd learns that a client is gone when it writes to it, so that until
 * then a wait may still claim work for somebody who no longer listens.
 */
const KEEP_ALIVE_MS = 2_000;

/** With a bus, for a request that subscribes: then the caller keeps the stream alive. */
export function mcpHandler(session: Session, bus?: ServerEventBus) {
  return createMcpHandler((context) => buildServer(session, context), {
    // Otherwise a 2026-era client gets no byte before the result, and gives up on a long wait after a minute.
    // The SDK holds this header against the body.
    responseMode: waits(session) ? "sse" : "auto",
    keepAliveMs: bus ? 0 : KEEP_ALIVE_MS,
    ...(bus && { bus }),
    onerror: (error) =>
      log("mcp_rejected", { error_name: error.name, error_message: error.message.slice(0, 200) }),
  });
}

function waits({ tools, request }: Session): boolean {
  const name = request.headers.get("mcp-name");
  return tools.some(({ operation }) => operation.waits && operation.name === name);
}
