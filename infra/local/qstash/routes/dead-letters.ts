// The dead-letter queue over HTTP: list, look, delete, retry.

import { badRequest, notFound } from "../api-error.ts";
import type { ApiRequest, Route } from "../api-request.ts";
import { type DeadLetter, deadLetterView } from "../dead-letters.ts";
import type { Engine } from "../engine.ts";
import { readFilter, readList } from "../filters.ts";
import type { HeaderBag } from "../header-bag.ts";
import { readMessageSettings } from "../message-settings.ts";
import type { Page } from "../page.ts";

export function deadLetterRoutes(engine: Engine): Route[] {
  const { deadLetters, timers } = engine;

  function find(dlqId: string | undefined): DeadLetter {
    const letter = deadLetters.get(dlqId ?? "", timers.now());
    if (letter === undefined) throw notFound(`dead letter ${dlqId} not found`);
    return letter;
  }

  /** The named dead letters, all of which must exist, or a page of those that match. */
  function select(query: URLSearchParams): Page<DeadLetter> {
    if (query.has("host") || query.has("path")) {
      throw badRequest("host and path are not filters of the dead-letter queue");
    }
    const ids = readList(query, "dlqIds");
    if (ids.length > 0) return { items: ids.map(find) };
    return deadLetters.page({ filter: readFilter(query), query, now: timers.now() });
  }

  /** Publishes anew; headers of the request win over those of the message. */
  function retry({ dlqId, message }: DeadLetter, headers: HeaderBag): { messageId: string } {
    const published = { ...lasting(message.published), ...upstashHeaders(headers) };
    const settings = readMessageSettings(published);
    deadLetters.delete(dlqId);
    const again = engine.accept({ ...message, settings, published, callbackOf: undefined });
    return { messageId: again.id };
  }

  return [
    {
      method: "GET",
      path: "/v2/dlq",
      handle: ({ query }) => {
        const page = select(query);
        return { json: { messages: page.items.map(deadLetterView), cursor: page.cursor } };
      },
    },
    {
      method: "DELETE",
      path: "/v2/dlq",
      handle: ({ query }) => {
        const page = select(query);
        for (const { dlqId } of page.items) deadLetters.delete(dlqId);
        return { json: { deleted: page.items.length, cursor: page.cursor } };
      },
    },
    {
      method: "POST",
      path: "/v2/dlq/retry",
      handle: ({ query, headers }) => {
        const page = select(query);
        const responses = page.items.map((letter) => retry(letter, headers));
        return { status: 201, json: { cursor: page.cursor ?? "", responses } };
      },
    },
    {
      method: "POST",
      path: "/v2/dlq/retry/:id",
      handle: (request) => ({ status: 201, json: retry(find(idOf(request)), request.headers) }),
    },
    {
      method: "GET",
      path: "/v2/dlq/:id",
      handle: (request) => ({ json: deadLetterView(find(idOf(request))) }),
    },
    {
      method: "DELETE",
      path: "/v2/dlq/:id",
      handle: (request) => {
        deadLetters.delete(find(idOf(request)).dlqId);
        return {};
      },
    },
  ];
}

function idOf(request: ApiRequest): string | undefined {
  return request.params["id"];
}

/** Headers that were about the first publish only. */
const momentary = new Set([
  "upstash-delay",
  "upstash-not-before",
  "upstash-deduplication-id",
  "upstash-content-based-deduplication",
]);

function lasting(published: HeaderBag): HeaderBag {
  return Object.fromEntries(Object.entries(published).filter(([name]) => !momentary.has(name)));
}

function upstashHeaders(headers: HeaderBag): HeaderBag {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith("upstash-")),
  );
}
