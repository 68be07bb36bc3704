/** Refusals and faults as problem+json (RFC 9457), with the same `reason` that MCP shows. */
import type { Reason, Refusal } from "../domain/refusal.ts";
import type { Fault } from "../observability/fault.ts";

/** A refusal that only HTTP knows. */
type HttpReason = "not_json" | "media_type" | "method" | "origin" | "no_such_route" | "fault";

type Status = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

export interface Problem {
  readonly status: Status;
  readonly reason: Reason | HttpReason;
  /** What was wrong and what to do next; `detail` on the wire. */
  readonly message: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problemResponse({ status, reason, message, facts, headers }: Problem): Response {
  const body = { ...facts, title: TITLES[status], status, detail: message, reason };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

export function refusalResponse(refusal: Refusal): Response {
  const { reason, message, ...facts } = refusal;
  return problemResponse({ status: statusOf(reason), reason, message, facts });
}

export function faultResponse(fault: Fault): Response {
  return problemResponse({
    status: 500,
    reason: "fault",
    message: fault.advice,
    facts: { fault_id: fault.id },
  });
}

const TITLES: Readonly<Record<Status, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

function statusOf(reason: Reason): Status {
  switch (reason) {
    case "invalid":
    case "unknown_parameter":
    case "agent_type_needed":
      return 400;
    case "unauthorized":
      return 401;
    case "role":
      return 403;
    case "not_found":
    case "lease_unknown":
      return 404;
    case "lease_lost":
    case "lease_ended":
    case "instance_replaced":
    case "cancelled":
    case "no_children":
    case "children_open":
    case "version_conflict":
    case "idempotency_conflict":
      return 409;
    case "too_large":
      return 413;
    case "graph":
    case "limit":
    case "result_schema":
      return 422;
    case "unavailable":
      return 503;
  }
}
