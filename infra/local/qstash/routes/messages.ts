// Pending messages: look at one, cancel one or many.

import { notFound } from "../api-error.ts";
import type { ApiRequest, Route } from "../api-request.ts";
import type { Engine } from "../engine.ts";
import { readFilter, readWhole } from "../filters.ts";
import { type Message, messageView } from "../message.ts";

export function messageRoutes(engine: Engine): Route[] {
  function find(request: ApiRequest): Message {
    const message = engine.messages.get(request.params["id"] ?? "");
    if (message === undefined) throw notFound(`message ${request.params["id"]} not found`);
    return message;
  }

  return [
    { method: "GET", path: "/v2/messages/:id", handle: (r) => ({ json: messageView(find(r)) }) },
    {
      method: "DELETE",
      path: "/v2/messages/:id",
      handle: (request) => {
        engine.cancel(find(request));
        return { json: { cancelled: 1 } };
      },
    },
    {
      method: "DELETE",
      path: "/v2/messages",
      handle: ({ query }) => {
        // The SDK always sends a count and notes that the service ignores it, so it is only checked.
        readWhole(query, "count");
        const filter = readFilter(query);
        const found = engine.messages
          .list()
          .filter((message) => filter({ message, time: message.createdAt }));
        for (const message of found) engine.cancel(message);
        return { json: { cancelled: found.length } };
      },
    },
  ];
}
