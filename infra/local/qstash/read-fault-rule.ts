// Reads a fault from JSON, for processes that switch faults over HTTP.

import { badRequest } from "./api-error.ts";
import type { FaultRule, FaultScope } from "./faults.ts";
import { isRecord } from "./is-record.ts";

/** Throws ApiError 400 that names what is wrong. */
export function readFaultRule(value: unknown): FaultRule {
  if (!isRecord(value)) throw badRequest("a fault is an object with a kind");
  const scope = readScope(value);
  const kind = value["kind"];
  switch (kind) {
    case "deliver-twice":
    case "lose-delivery":
    case "crash-before-ack":
    case "lose-publish":
    case "lose-publish-reply":
      return { ...scope, kind };
    case "deliver-late":
      return { ...scope, kind, ms: readNumber(value, "ms") };
    case "reorder":
      return { ...scope, kind, ...optional(value, "size"), ...optional(value, "withinMs") };
    case "host-block":
      return { ...scope, kind, ...optional(value, "afterTimeouts"), ...optional(value, "blockMs") };
    case "refuse-publish": {
      const status = value["status"];
      if (status !== 429 && status !== 412 && status !== 500) {
        throw badRequest("refuse-publish needs a status: 429, 412 or 500");
      }
      return { ...scope, kind, status };
    }
    default:
      throw badRequest(`unknown fault kind ${JSON.stringify(kind)}`);
  }
}

function readScope(value: Record<string, unknown>): FaultScope {
  const { match, times } = value;
  if (match !== undefined && typeof match !== "string") throw badRequest("match must be a text");
  const scope = { ...(match === undefined ? {} : { match }), ...optional(value, "chance") };
  return times === "always" ? { ...scope, times } : { ...scope, ...optional(value, "times") };
}

function optional<K extends string>(
  value: Record<string, unknown>,
  name: K,
): { [key in K]?: number } {
  if (value[name] === undefined) return {};
  const read: { [key in K]?: number } = {};
  read[name] = readNumber(value, name);
  return read;
}

function readNumber(value: Record<string, unknown>, name: string): number {
  const number = value[name];
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0) {
    throw badRequest(`${name} must be a number of 0 or more`);
  }
  return number;
}
