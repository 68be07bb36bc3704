// Queues over HTTP.

import { badRequest, notFound } from "../api-error.ts";
import { type ApiRequest, readJsonObject, type Route } from "../api-request.ts";
import type { Engine } from "../engine.ts";

export function queueRoutes(engine: Engine): Route[] {
  const { queues, timers } = engine;
  const nameOf = (request: ApiRequest): string => request.params["name"] ?? "";

  function setPaused(paused: boolean): Route["handle"] {
    return (request) => {
      queues.upsert(nameOf(request), { paused, now: timers.now() });
      engine.dispatcher.pump();
      return {};
    };
  }

  return [
    {
      method: "POST",
      path: "/v2/queues",
      handle: (request) => {
        const { queueName, parallelism = 1, paused } = readJsonObject(request);
        if (typeof queueName !== "string") throw badRequest("queueName is missing");
        if (!isCount(parallelism)) throw badRequest("parallelism must be a whole number above 0");
        if (paused !== undefined && typeof paused !== "boolean") {
          throw badRequest("paused must be true or false");
        }
        queues.upsert(queueName, { parallelism, paused, now: timers.now() });
        engine.dispatcher.pump();
        return {};
      },
    },
    { method: "GET", path: "/v2/queues", handle: () => ({ json: queues.list() }) },
    {
      method: "GET",
      path: "/v2/queues/:name",
      handle: (request) => {
        const queue = queues.get(nameOf(request));
        if (queue === undefined) throw notFound(`queue ${nameOf(request)} not found`);
        return { json: queue };
      },
    },
    {
      method: "DELETE",
      path: "/v2/queues/:name",
      handle: (request) => {
        for (const id of queues.delete(nameOf(request))) {
          const message = engine.messages.get(id);
          if (message !== undefined) engine.cancel(message);
        }
        return {};
      },
    },
    { method: "POST", path: "/v2/queues/:name/pause", handle: setPaused(true) },
    { method: "POST", path: "/v2/queues/:name/resume", handle: setPaused(false) },
  ];
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}
