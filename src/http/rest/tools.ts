/** `POST /v1/tools/<name>`: every operation for programs that speak no MCP. Body: the arguments. Reply: the result. */
import { nearest } from "../../domain/nearest.ts";
import type { Result } from "../../domain/refusal.ts";
import { traceId } from "../../observability/log.ts";
import { invoke } from "../../operations/invoke.ts";
import type { Caller, Operation } from "../../operations/operation.ts";
import type { Services } from "../../operations/services.ts";
import { MAX_WAIT_HEADER, readMaxWait } from "../../operations/wait-cap.ts";
import { problemResponse, refusalResponse } from "../problem.ts";
import { slowAnswer } from "./slow-answer.ts";

export interface ToolRequest {
  readonly operations: readonly Operation[];
  readonly name: string;
  readonly request: Request;
  /** The body of `request`, read already. */
  readonly text: string;
  readonly caller: Caller;
  readonly services: Services;
  /** Arguments that the address says. */
  readonly known?: Readonly<Record<string, string>>;
}

export async function serveTool(tool: ToolRequest): Promise<Response> {
  const { operations, name, request, text, caller, services, known } = tool;
  const operation = operations.find((one) => one.name === name);
  if (operation === undefined) return unknownTool(name, operations);
  if (text !== "" && !isJson(request)) return wrongMediaType();
  const raw = parse(text);
  if (!raw.ok) return refusalResponse(raw.refusal);
  const gone = new AbortController();
  const answer = invoke({
    operation,
    raw: withKnown(withIdempotencyKey(raw.value, operation, request), known),
    call: {
      services,
      caller,
      operation_id: crypto.randomUUID(),
      signal: AbortSignal.any([request.signal, gone.signal]),
      max_wait_seconds: readMaxWait(request.headers.get(MAX_WAIT_HEADER)),
    },
    skin: "rest",
    trace_id: traceId(request.headers.get("traceparent")),
  }).then((result) => (result.ok ? Response.json(result.value) : refusalResponse(result.refusal)));
  return operation.waits ? slowAnswer(answer, gone) : answer;
}

function unknownTool(name: string, operations: readonly Operation[]): Response {
  const names = operations.map((operation) => operation.name);
  const meant = nearest(name, names);
  const hint = meant ? `did you mean ${meant}?` : `there are ${names.join(", ")}.`;
  return problemResponse({
    status: 404,
    reason: "no_such_route",
    message: `No tool ${JSON.stringify(name.slice(0, 60))}; ${hint}`,
  });
}

function isJson(request: Request): boolean {
  const type = request.headers.get("content-type") ?? "";
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type);
}

function wrongMediaType(): Response {
  return problemResponse({
    status: 415,
    reason: "media_type",
    message: "Send the arguments as JSON, with the header Content-Type: application/json.",
  });
}

function parse(text: string): Result<unknown> {
  try {
    return { ok: true, value: text.trim() === "" ? {} : JSON.parse(text) };
  } catch {
    const message =
      'The body is not JSON. Send the arguments as one object, such as {"run_id":"r1"}.';
    return { ok: false, refusal: { reason: "invalid", message } };
  }
}

/** The header counts where the operation takes such a key and the body has none. */
function withIdempotencyKey(raw: unknown, { input }: Operation, request: Request): unknown {
  const key = request.headers.get("idempotency-key");
  if (key === null || !("idempotency_key" in input.shape)) return raw;
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  return { idempotency_key: key, ...raw };
}

function withKnown(raw: unknown, known: ToolRequest["known"]): unknown {
  if (!known || typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  return { ...raw, ...known };
}
