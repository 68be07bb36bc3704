// Reads the limits that a message brings for its flow-control key.

import { badRequest } from "./api-error.ts";
import { parseQstashDuration } from "./durations.ts";

export type FlowLimits = {
  readonly key: string;
  /** Calls open at once. */
  readonly parallelism?: number | undefined;
  /** Calls begun per period. */
  readonly rate?: number | undefined;
  readonly periodMs: number;
};

const weekMs = 7 * 86_400_000;

/** `value` is like `parallelism=2, rate=10, period=1m`; the period is 1 s by default, 1 week at most. */
export function readFlowLimits(
  key: string | undefined,
  value: string | undefined,
): FlowLimits | undefined {
  if (key === undefined && value === undefined) return undefined;
  if (key === undefined)
    throw badRequest("Upstash-Flow-Control-Value needs Upstash-Flow-Control-Key");
  if (value === undefined)
    throw badRequest("Upstash-Flow-Control-Key needs Upstash-Flow-Control-Value");
  const parts = new Map<string, string>();
  for (const part of value.split(",")) {
    const [name = "", text = ""] = part.split("=").map((side) => side.trim());
    if (!["parallelism", "rate", "period"].includes(name) || parts.has(name)) {
      throw badRequest(`invalid Upstash-Flow-Control-Value: "${part.trim()}"`);
    }
    parts.set(name, text);
  }
  const parallelism = readCount("parallelism", parts.get("parallelism"));
  const rate = readCount("rate", parts.get("rate"));
  if (parallelism === undefined && rate === undefined) {
    throw badRequest("Upstash-Flow-Control-Value needs parallelism or rate");
  }
  return { key, parallelism, rate, periodMs: readPeriodMs(parts.get("period")) };
}

/** A count given by a caller: a whole number above 0. */
export function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < 1) {
    throw badRequest(`invalid ${name} "${text}": it must be a whole number above 0`);
  }
  return Number(text);
}

/** A period as a duration (`1m`) or in seconds (`60`). */
export function readPeriodMs(text: string | undefined): number {
  if (text === undefined) return 1_000;
  const period = /^\d+$/.test(text) ? Number(text) * 1_000 : parseQstashDuration(text);
  if (period === undefined || period < 1_000 || period > weekMs) {
    throw badRequest(`invalid period "${text}": it must lie between 1s and 7d`);
  }
  return period;
}
