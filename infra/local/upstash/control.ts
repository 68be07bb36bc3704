// The development-only route POST /__control: switches faults, reads counts and ends streams from other processes.
import type { Billing, StatsSnapshot } from "./billing.ts";
import type { FaultInjector, FaultKind, FaultRule, FaultState } from "./faults.ts";
import type { ScriptCache } from "./script-cache.ts";
import type { Streams } from "./streams.ts";

/** What can be asked, all of it optional, carried out in this order. */
type ControlRequest = {
  clear_faults?: boolean;
  remove_faults?: string[];
  add_faults?: FaultRule[];
  forget_scripts?: boolean;
  /** `true` ends every SSE stream; a text, those whose channel contains it. */
  close_streams?: boolean | string;
  /** The counts are part of every reply; this also sets them to zero after reading them. */
  reset_stats?: boolean;
};

export type ControlReply = {
  /** Ids of the rules just added, in order. */
  added: string[];
  faults: FaultState[];
  closed_streams: number;
  streams: number;
  stats: StatsSnapshot;
};

export type ControlParts = {
  billing: Billing;
  faults: FaultInjector;
  scripts: ScriptCache;
  streams: Streams;
};

/** @throws Error with a sentence for the caller when the request is not of the form above. */
export function control(body: Buffer, parts: ControlParts): ControlReply {
  const request = readControl(body);
  if (request.clear_faults === true) parts.faults.clear();
  for (const id of request.remove_faults ?? []) parts.faults.remove(id);
  const added = (request.add_faults ?? []).map((rule) => parts.faults.add(rule));
  if (request.forget_scripts === true) parts.scripts.forget();
  const closed = closeStreams(request.close_streams, parts.streams);
  const stats = parts.billing.snapshot();
  if (request.reset_stats === true) parts.billing.reset();
  const streams = parts.streams.count();
  return { added, faults: parts.faults.list(), closed_streams: closed, streams, stats };
}

function closeStreams(which: boolean | string | undefined, streams: Streams): number {
  if (which === undefined || which === false) return 0;
  return streams.close(which === true ? undefined : which);
}

const FIELD_TYPES: Record<keyof ControlRequest, string> = {
  clear_faults: "boolean",
  remove_faults: "list",
  add_faults: "list",
  forget_scripts: "boolean",
  close_streams: "boolean or string",
  reset_stats: "boolean",
};

const RULE_TYPES: Record<keyof FaultRule, string> = {
  kind: "string",
  command: "string",
  contains: "string",
  next: "number",
  probability: "number",
  seed: "number",
  delayMs: "number",
  status: "number",
  body: "string",
};

const KINDS: readonly FaultKind[] = [
  "drop-request",
  "drop-reply",
  "delay",
  "answer",
  "duplicate",
  "cold-scripts",
  "drop-message",
  "close-stream",
];

function readControl(body: Buffer): ControlRequest {
  const request = parse(body);
  checkFields(request, FIELD_TYPES);
  const control = request as ControlRequest;
  for (const rule of control.add_faults ?? []) {
    checkFields(rule, RULE_TYPES);
    if (!KINDS.includes(rule.kind)) {
      throw new Error(`Unknown fault kind ${rule.kind}; there are ${KINDS.join(", ")}.`);
    }
  }
  return control;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.length === 0 ? "{}" : body.toString());
  } catch {
    throw new Error("The control request is not JSON.");
  }
}

function checkFields(value: unknown, types: Record<string, string>): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("The control request, and each fault rule in it, must be an object.");
  }
  for (const [field, given] of Object.entries(value)) {
    const wanted = types[field];
    if (wanted === undefined) {
      throw new Error(`Unknown field ${field}; there are ${Object.keys(types).join(", ")}.`);
    }
    const type = Array.isArray(given) ? "list" : typeof given;
    if (!wanted.includes(type)) throw new Error(`${field} must be a ${wanted}.`);
  }
}
