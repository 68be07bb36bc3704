/** What an operation returned as the result of a tool call: one object, once structured and once as text. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Result } from "../domain/refusal.ts";
import type { Fault } from "../observability/fault.ts";

/** Refusals are results too (`isError`), so that the model reads what to do next; only we wrote their words. */
export function respond(result: Result<Record<string, unknown>>): CallToolResult {
  return result.ok ? said(result.value) : { ...said({ ...result.refusal }), isError: true };
}

export function respondFault(fault: Fault): CallToolResult {
  return {
    ...said({ reason: "fault", message: fault.advice, fault_id: fault.id }),
    isError: true,
  };
}

function said(value: Record<string, unknown>): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value };
}
