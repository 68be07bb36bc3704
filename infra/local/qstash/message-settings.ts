// Reads what the headers of a publish ask for, and refuses what QStash could not honour.

import { badRequest } from "./api-error.ts";
import { parseQstashDuration } from "./durations.ts";
import { type FlowLimits, readFlowLimits } from "./flow-control-value.ts";
import { canonicalName, firstValue, type HeaderBag, withoutPrefix } from "./header-bag.ts";
import { readRedaction, type Redaction } from "./redact.ts";
import {
  compileRetryExpression,
  type RetryExpression,
  RetryExpressionError,
} from "./retry-expression.ts";

export type CallbackSettings = {
  readonly url: string;
  /** Headers of the callback's own publish. */
  readonly headers: HeaderBag;
};

export type MessageSettings = {
  readonly method: string;
  /** What the destination gets: forwarded headers and the content type, spelt canonically. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly delayMs: number;
  /** Unix milliseconds. Wins over the delay. */
  readonly notBefore?: number | undefined;
  readonly retries: number;
  readonly retryDelay?: RetryExpression | undefined;
  readonly timeoutMs?: number | undefined;
  readonly callback?: CallbackSettings | undefined;
  readonly failureCallback?: CallbackSettings | undefined;
  readonly deduplicationId?: string | undefined;
  readonly contentBasedDeduplication: boolean;
  readonly flowControl?: FlowLimits | undefined;
  readonly labels: readonly string[];
  readonly redaction?: Redaction | undefined;
};

const methods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const defaultRetries = 3;

/** Throws ApiError 400 for the first header that cannot be read. */
export function readMessageSettings(bag: HeaderBag): MessageSettings {
  return {
    method: readMethod(firstValue(bag, "upstash-method")),
    headers: deliveredHeaders(bag),
    delayMs: readDuration(bag, "upstash-delay") ?? 0,
    notBefore: readNotBefore(firstValue(bag, "upstash-not-before")),
    retries: readRetries(firstValue(bag, "upstash-retries")) ?? defaultRetries,
    retryDelay: readRetryDelay(firstValue(bag, "upstash-retry-delay")),
    timeoutMs: readDuration(bag, "upstash-timeout"),
    callback: readCallback(bag, "upstash-callback"),
    failureCallback: readCallback(bag, "upstash-failure-callback"),
    deduplicationId: firstValue(bag, "upstash-deduplication-id"),
    contentBasedDeduplication: firstValue(bag, "upstash-content-based-deduplication") === "true",
    flowControl: readFlowLimits(
      firstValue(bag, "upstash-flow-control-key"),
      bag["upstash-flow-control-value"]?.join(", "),
    ),
    labels: readLabels(bag["upstash-label"]),
    redaction: readRedaction(bag["upstash-redact-fields"]?.join(",")),
  };
}

/** Whether the text names an address that a message can be sent to. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function readMethod(value: string | undefined): string {
  const method = (value ?? "POST").toUpperCase();
  if (!methods.has(method)) throw badRequest(`invalid Upstash-Method "${method}"`);
  return method;
}

function deliveredHeaders(bag: HeaderBag): Record<string, readonly string[]> {
  const delivered: Record<string, readonly string[]> = {};
  const contentType = bag["content-type"];
  if (contentType !== undefined) delivered["Content-Type"] = contentType;
  for (const [name, values] of Object.entries(withoutPrefix(bag, "upstash-forward-"))) {
    delivered[canonicalName(name)] = values;
  }
  return delivered;
}

function readDuration(bag: HeaderBag, name: string): number | undefined {
  const text = firstValue(bag, name);
  if (text === undefined) return undefined;
  const duration = parseQstashDuration(text);
  if (duration === undefined) {
    throw badRequest(
      `invalid ${canonicalName(name)} "${text}": expected a duration like 50s or 1h30m`,
    );
  }
  return duration;
}

function readNotBefore(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) {
    throw badRequest(`invalid Upstash-Not-Before "${text}": expected unix seconds`);
  }
  return Number(text) * 1_000;
}

function readRetries(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`invalid Upstash-Retries "${text}"`);
  return Number(text);
}

function readRetryDelay(text: string | undefined): RetryExpression | undefined {
  if (text === undefined) return undefined;
  try {
    return compileRetryExpression(text);
  } catch (error) {
    if (!(error instanceof RetryExpressionError)) throw error;
    throw badRequest(`invalid Upstash-Retry-Delay: ${error.message}`);
  }
}

function readLabels(values: readonly string[] | undefined): string[] {
  const labels = (values ?? []).join(",").split(",");
  return labels.map((label) => label.trim()).filter((label) => label !== "");
}

/**
 * A callback is a message of its own, set up by the same headers under `<name>-…`. It retries as
 * often as the original unless told otherwise. Delayed callbacks are refused, as QStash does since
 * March 2025.
 */
function readCallback(bag: HeaderBag, name: string): CallbackSettings | undefined {
  const url = firstValue(bag, name);
  if (url === undefined) return undefined;
  if (!isHttpUrl(url)) {
    throw badRequest(
      `invalid ${canonicalName(name)} "${url}": it must start with http:// or https://`,
    );
  }
  const headers: Record<string, readonly string[]> = { "content-type": ["application/json"] };
  const retries = bag["upstash-retries"];
  if (retries !== undefined) headers["upstash-retries"] = retries;
  for (const [setting, values] of Object.entries(withoutPrefix(bag, `${name}-`))) {
    headers[`upstash-${setting}`] = values;
  }
  if (headers["upstash-delay"] !== undefined || headers["upstash-not-before"] !== undefined) {
    throw badRequest(`${canonicalName(name)}-Delay is not supported: callbacks cannot be delayed`);
  }
  // A callback has no callbacks of its own: there would be no end to them.
  delete headers["upstash-callback"];
  delete headers["upstash-failure-callback"];
  readMessageSettings(headers);
  return { url, headers };
}
