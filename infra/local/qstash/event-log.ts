// The log of what happened to messages, newest first, for as long as the plan keeps it.

import type { DeliveryResult } from "./deliver.ts";
import type { Filter } from "./filters.ts";
import { labelView, type Message } from "./message.ts";
import { type Page, pageOf } from "./page.ts";
import { redactedBody, redactedHeaders } from "./redact.ts";

export type LogState =
  | "CREATED"
  | "ACTIVE"
  | "RETRY"
  | "ERROR"
  | "DELIVERED"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELED";

export type LogEntry = {
  readonly position: number;
  readonly time: number;
  readonly state: LogState;
  readonly message: Message;
  readonly nextDeliveryTime?: number | undefined;
  readonly result?: DeliveryResult | undefined;
};

/** Beyond this the oldest go, so that a long soak does not fill the memory. */
const mostEntries = 50_000;

export class EventLog {
  #entries: LogEntry[] = [];
  #position = 0;
  readonly #retentionMs: number;

  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  add(entry: Omit<LogEntry, "position">): void {
    this.#position += 1;
    this.#entries.push({ ...entry, position: this.#position });
    // Trimmed in lots: one entry at a time would move the whole list each time.
    if (this.#entries.length >= mostEntries * 1.1)
      this.#entries = this.#entries.slice(-mostEntries);
  }

  page({
    filter,
    query,
    now,
  }: {
    filter: Filter;
    query: URLSearchParams;
    now: number;
  }): Page<LogEntry> {
    this.#entries = this.#entries.filter((entry) => entry.time > now - this.#retentionMs);
    const found = this.#entries.filter((entry) =>
      filter({ ...entry, responseStatus: statusOf(entry) }),
    );
    return pageOf(found.toReversed(), query);
  }
}

/** How the API shows a log entry (docs: REST API, LogEntry). */
export function logView(entry: LogEntry): Record<string, unknown> {
  const { message, result } = entry;
  const { settings } = message;
  const answer = result?.kind === "answered" ? result : undefined;
  return {
    time: entry.time,
    state: entry.state,
    messageId: message.id,
    nextDeliveryTime: entry.nextDeliveryTime,
    error: result === undefined ? undefined : errorText(result),
    url: message.url,
    topicName: message.topicName,
    endpointName: message.endpointName,
    scheduleId: message.scheduleId,
    queueName: message.queueName,
    header: redactedHeaders(settings.headers, settings.redaction),
    body: Buffer.from(redactedBody(message.body, settings.redaction)).toString("base64"),
    responseStatus: answer?.status,
    responseHeaders: answer?.headers,
    responseBody: answer === undefined ? undefined : Buffer.from(answer.body).toString("base64"),
    method: settings.method,
    timeout: settings.timeoutMs,
    callback: settings.callback?.url,
    failureCallback: settings.failureCallback?.url,
    maxRetries: settings.retries,
    retryDelayExpression: settings.retryDelay?.source,
    flowControlKey: settings.flowControl?.key,
    ...labelView(settings.labels),
  };
}

function errorText(result: DeliveryResult): string {
  return result.kind === "answered" ? Buffer.from(result.body).toString() : result.error;
}

function statusOf(entry: LogEntry): number | undefined {
  return entry.result?.kind === "answered" ? entry.result.status : undefined;
}
