// Accepts what a caller publishes: reads it, checks it against the plan, drops duplicates, fans out.

import { ApiError, badRequest, overLimit } from "./api-error.ts";
import { Deduplication, deduplicationKey } from "./deduplication.ts";
import type { Engine } from "./engine.ts";
import type { HeaderBag } from "./header-bag.ts";
import { isHttpUrl, type MessageSettings, readMessageSettings } from "./message-settings.ts";
import type { Plan } from "./plan.ts";
import type { UrlGroups } from "./url-groups.ts";

export type Publish = {
  /** A URL, kept as it is written, or the name of a URL group. */
  readonly destination: string;
  readonly headers: HeaderBag;
  readonly body: Uint8Array;
  readonly callerIp: string;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
};

type Published = {
  readonly messageId: string;
  readonly url: string;
  readonly deduplicated?: true;
};

/** One entry for a URL, one for each endpoint of a URL group. */
export type PublishResult = Published | readonly Published[];

export type Publisher = {
  /** Throws ApiError: 400, 404 (unknown URL group), 412 (over the plan), 429 (over the day's limit). */
  publish(publish: Publish): PublishResult;
  /** The same checks without accepting anything. */
  check(publish: Omit<Publish, "callerIp">): MessageSettings;
};

type Target = {
  readonly url: string;
  readonly topicName?: string;
  readonly endpointName?: string | undefined;
};

export function createPublisher(parts: {
  readonly engine: Engine;
  readonly urlGroups: UrlGroups;
  readonly plan: Plan;
}): Publisher {
  const { engine, urlGroups, plan } = parts;
  const deduplication = new Deduplication();

  function check(publish: Omit<Publish, "callerIp">): MessageSettings {
    targetsOf(publish.destination);
    const settings = readMessageSettings(publish.headers);
    const now = engine.timers.now();
    if (publish.body.length > plan.maxMessageBytes) {
      throw overLimit(`message body exceeds the plan's ${plan.maxMessageBytes} bytes`);
    }
    if ((settings.notBefore ?? now + settings.delayMs) - now > plan.maxDelayMs) {
      throw overLimit(`delay exceeds the plan's ${plan.maxDelayMs / 1_000} seconds`);
    }
    if (settings.retries > plan.maxRetries) {
      throw overLimit(`retries exceed the plan's ${plan.maxRetries}`);
    }
    return settings;
  }

  function publish(request: Publish): PublishResult {
    const settings = check(request);
    refuseOverDailyLimit(engine, plan);
    const targets = targetsOf(request.destination);
    const results = targets.map((target) => publishTo(target, { request, settings }));
    const [only] = results;
    return only !== undefined && isHttpUrl(request.destination) ? only : results;
  }

  function publishTo(
    target: Target,
    { request, settings }: { request: Publish; settings: MessageSettings },
  ): Published {
    const now = engine.timers.now();
    const key = deduplicationKey({ ...target, settings, body: request.body });
    const known = key === undefined ? undefined : deduplication.find(key, now);
    if (known !== undefined) {
      engine.stats.count("deduplicated");
      return { messageId: known, url: target.url, deduplicated: true };
    }
    const { id } = engine.accept({
      ...target,
      kind: "message",
      settings,
      body: request.body,
      published: request.headers,
      callerIp: request.callerIp,
      queueName: request.queueName,
      scheduleId: request.scheduleId,
    });
    if (key !== undefined) deduplication.remember(key, { messageId: id, now });
    return { messageId: id, url: target.url };
  }

  function targetsOf(destination: string): Target[] {
    if (isHttpUrl(destination)) return [{ url: destination }];
    if (destination === "" || /[/:]/.test(destination)) {
      throw badRequest(
        `invalid destination url "${destination}": endpoints start with http:// or https://`,
      );
    }
    const { name, endpoints } = urlGroups.get(destination);
    return endpoints.map((endpoint) => ({
      url: endpoint.url,
      topicName: name,
      endpointName: endpoint.name,
    }));
  }

  return { publish, check };
}

/** The daily limit is soft: it is kept only where the plan says so. */
function refuseOverDailyLimit(engine: Engine, plan: Plan): void {
  const now = engine.timers.now();
  if (!plan.enforceDailyLimit || engine.stats.billedToday(now) < plan.messagesPerDay) return;
  const dayMs = 86_400_000;
  throw new ApiError(429, "Exceeded daily rate limit", {
    "RateLimit-Limit": String(plan.messagesPerDay),
    "RateLimit-Remaining": "0",
    "RateLimit-Reset": String((Math.floor(now / dayMs) + 1) * (dayMs / 1_000)),
  });
}
