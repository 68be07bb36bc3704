// Decides how long to wait before the next attempt of a delivery that failed.

import { parseGoDuration } from "./durations.ts";
import type { RetryExpression } from "./retry-expression.ts";

const dayMs = 86_400_000;

/** The response headers that may set the delay, in the order in which Upstash lists them. */
const retryHeaders = [
  "Retry-After",
  "X-Ratelimit-Reset",
  "X-Ratelimit-Reset-Requests",
  "X-Ratelimit-Reset-Tokens",
];

/**
 * Gives milliseconds: what the endpoint asked for, else the message's own expression, else the
 * default backoff min(86400, e^(2.5 n)) s, in whole seconds (docs: QStash, Retry).
 * `retried` counts the retries made so far; `responseHeaders` have canonical names.
 */
export function retryDelayMs(args: {
  readonly retried: number;
  readonly expression?: RetryExpression | undefined;
  readonly responseHeaders: Readonly<Record<string, readonly string[]>>;
  readonly now: number;
}): number {
  const asked = askedDelayMs(args.responseHeaders, args.now);
  if (asked !== undefined) return asked;
  const computed = args.expression?.evaluate(args.retried);
  if (computed !== undefined && !Number.isNaN(computed)) {
    return Math.round(Math.min(Math.max(computed, 0), dayMs));
  }
  return Math.floor(Math.min(86_400, Math.exp(2.5 * (args.retried + 1)))) * 1_000;
}

/** More than a day, a past duration and what cannot be read are ignored, as documented. */
function askedDelayMs(
  headers: Readonly<Record<string, readonly string[]>>,
  now: number,
): number | undefined {
  for (const name of retryHeaders) {
    const text = headers[name]?.[0]?.trim();
    if (text === undefined || text === "") continue;
    const delay = readDelay(text, now);
    if (delay !== undefined && delay >= 0 && delay <= dayMs) return Math.round(delay);
  }
  return undefined;
}

function readDelay(text: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const duration = parseGoDuration(text);
  if (duration !== undefined) return duration;
  if (!/^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \S+$/.test(text))
    return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
