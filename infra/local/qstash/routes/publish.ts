// Publish, enqueue and batch.

import { ApiError, badRequest } from "../api-error.ts";
import { type ApiReply, type ApiRequest, readJson, type Route } from "../api-request.ts";
import type { Faults } from "../faults.ts";
import { bagOf, firstValue } from "../header-bag.ts";
import type { Publish, Publisher, PublishResult } from "../publish.ts";
import { isRecord } from "../is-record.ts";
import type { Schedules } from "../schedules.ts";

export function publishRoutes(parts: {
  readonly publisher: Publisher;
  readonly schedules: Schedules;
  readonly faults: Faults;
  /** The documentation says 200; earlier ones said 201. */
  readonly acceptedStatus: 200 | 201;
}): Route[] {
  const { publisher, schedules, faults, acceptedStatus } = parts;

  function one(request: ApiRequest, queueName?: string): ApiReply {
    const destination = readDestination(request.rest);
    const { headers, body, callerIp } = request;
    const publish: Publish = { destination, headers, body, callerIp, queueName };
    return withFaults(destination, () => {
      const cron = firstValue(headers, "upstash-cron");
      if (cron !== undefined) {
        const id = firstValue(headers, "upstash-schedule-id");
        return { json: { scheduleId: schedules.create({ id, cron, publish }) } };
      }
      const result = publisher.publish(publish);
      return { status: isDuplicate(result) ? 202 : acceptedStatus, json: result };
    });
  }

  function batch(request: ApiRequest): ApiReply {
    const items = readJson(request);
    if (!Array.isArray(items)) throw badRequest("the body must be a JSON array");
    const publishes = items.map((item: unknown) => readItem(item, request.callerIp));
    const destinations = publishes.map(({ destination }) => destination).join(" ");
    return withFaults(destinations, () => ({ json: publishes.map(publishOrError) }));
  }

  /** One bad item does not spoil the others: its entry says what is wrong. */
  function publishOrError(publish: Publish): PublishResult | { error: string } {
    try {
      return publisher.publish(publish);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { error: error.message };
    }
  }

  function withFaults(destination: string, accept: () => ApiReply): ApiReply {
    if (faults.strike("lose-publish", destination) !== undefined) return { lost: true };
    const refusal = faults.strike("refuse-publish", destination);
    if (refusal !== undefined) throw refused(refusal.status);
    const reply = accept();
    return faults.strike("lose-publish-reply", destination) === undefined ? reply : { lost: true };
  }

  return [
    { method: "POST", path: "/v2/publish/*", handle: (request) => one(request) },
    {
      method: "POST",
      path: "/v2/enqueue/:queue/*",
      handle: (request) => one(request, request.params["queue"]),
    },
    { method: "POST", path: "/v2/batch", handle: batch },
  ];
}

/** Some clients encode the whole destination; the SDK does not. */
export function readDestination(rest: string): string {
  return /^https?%3A%2F%2F/i.test(rest) ? decodeURIComponent(rest) : rest;
}

function isDuplicate(result: PublishResult): boolean {
  return "messageId" in result
    ? result.deduplicated === true
    : result.length > 0 && result.every(({ deduplicated }) => deduplicated === true);
}

function readItem(item: unknown, callerIp: string): Publish {
  if (!isRecord(item) || typeof item["destination"] !== "string") {
    throw badRequest("each item of a batch needs a destination");
  }
  const { destination, body = "", headers = {}, queue } = item;
  if (typeof body !== "string") throw badRequest("the body of a batch item must be a text");
  if (queue !== undefined && typeof queue !== "string") throw badRequest("queue must be a text");
  return {
    destination,
    headers: bagOf(readTexts(headers)),
    body: Buffer.from(body),
    callerIp,
    queueName: queue,
  };
}

function readTexts(headers: unknown): Record<string, string> {
  if (!isRecord(headers)) throw badRequest("headers must be an object");
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string") throw badRequest(`header ${name} must be a text`);
    texts[name] = value;
  }
  return texts;
}

function refused(status: 429 | 412 | 500): ApiError {
  if (status === 412) return new ApiError(412, "exceeded a limit of the plan");
  if (status === 500) return new ApiError(500, "internal server error");
  return new ApiError(429, "Exceeded burst rate limit", {
    "Burst-RateLimit-Limit": "100",
    "Burst-RateLimit-Remaining": "0",
    "Burst-RateLimit-Reset": String(Math.floor(Date.now() / 1_000) + 1),
  });
}
