/** `tools/call`: finds the tool and runs its operation for the caller. */
import {
  type CallToolRequest,
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  TRACEPARENT_META_KEY,
} from "@modelcontextprotocol/server";
import { nearest } from "../domain/nearest.ts";
import { recordFault } from "../observability/fault.ts";
import { traceId } from "../observability/log.ts";
import { invoke } from "../operations/invoke.ts";
import type { Call } from "../operations/operation.ts";
import { MAX_WAIT_HEADER, readMaxWait } from "../operations/wait-cap.ts";
import { respond, respondFault } from "./respond.ts";
import type { Session } from "./session.ts";

export async function callTool(
  session: Session,
  { params, context }: { params: CallToolRequest["params"]; context: ServerContext },
): Promise<CallToolResult> {
  const tool = session.tools.find(({ operation }) => operation.name === params.name);
  if (tool === undefined) throw unknownTool(params.name, session);
  try {
    return respond(
      await invoke({
        operation: tool.operation,
        raw: params.arguments,
        call: callOf(session, context),
        skin: "mcp",
        trace_id: traceOf(session, context),
      }),
    );
  } catch (error) {
    // The SDK would show the exception's own words to the model.
    return respondFault(recordFault(error));
  }
}

/** The call that an MCP request makes; without progress where the client asked for none. */
export function callOf({ services, caller, request }: Session, { mcpReq }: ServerContext): Call {
  const token = mcpReq._meta?.progressToken;
  return {
    services,
    caller,
    operation_id: crypto.randomUUID(),
    signal: mcpReq.signal,
    max_wait_seconds: readMaxWait(request.headers.get(MAX_WAIT_HEADER)),
    ...(token !== undefined && { progress: reporter(mcpReq, token) }),
  };
}

export function traceOf({ request }: Session, { mcpReq }: ServerContext): string | undefined {
  return (
    traceId(mcpReq._meta?.[TRACEPARENT_META_KEY]) ?? traceId(request.headers.get("traceparent"))
  );
}

/** Progress must grow with every report; https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/progress */
function reporter(
  mcpReq: ServerContext["mcpReq"],
  progressToken: string | number,
): (elapsed_seconds: number, message: string) => void {
  let last = -1;
  return (elapsed_seconds, message) => {
    if (elapsed_seconds <= last) return;
    last = elapsed_seconds;
    const params = { progressToken, progress: elapsed_seconds, message };
    // A client that is gone hears nothing; its wait ends through `signal`.
    mcpReq.notify({ method: "notifications/progress", params }).catch(() => undefined);
  };
}

function unknownTool(name: string, { tools }: Session): ProtocolError {
  const meant = nearest(
    name,
    tools.map(({ operation }) => operation.name),
  );
  const hint = meant ? `did you mean ${meant}?` : "see tools/list.";
  const message = `No tool ${JSON.stringify(name.slice(0, 60))}; ${hint}`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
