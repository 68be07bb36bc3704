// Flow-control keys over HTTP.

import { badRequest, notFound } from "../api-error.ts";
import type { ApiRequest, Route } from "../api-request.ts";
import type { Engine } from "../engine.ts";
import { readCount, readPeriodMs } from "../flow-control-value.ts";
import type { Plan } from "../plan.ts";

export function flowControlRoutes(engine: Engine, plan: Plan): Route[] {
  const { flowControl, dispatcher, timers } = engine;

  function view(key: string): Record<string, unknown> | undefined {
    return flowControl.view(key, dispatcher.waiting(key));
  }

  /** A change to a key, after which messages may be free to go. */
  function change(action: string, apply: (key: string, query: URLSearchParams) => void): Route {
    return {
      method: "POST",
      path: `/v2/flowControl/:key/${action}`,
      handle: (request) => {
        apply(keyOf(request), request.query);
        dispatcher.pump();
        return {};
      },
    };
  }

  return [
    {
      method: "GET",
      path: "/v2/flowControl",
      handle: ({ query }) => {
        const wanted = flowControl.keys().filter((key) => key.includes(query.get("search") ?? ""));
        return { json: wanted.map(view) };
      },
    },
    {
      method: "GET",
      path: "/v2/flowControl/:key",
      handle: (request) => {
        const found = view(keyOf(request));
        if (found === undefined) throw notFound(`flow control key ${keyOf(request)} not found`);
        return { json: found };
      },
    },
    change("pause", (key) => flowControl.setPaused(key, true)),
    change("resume", (key) => flowControl.setPaused(key, false)),
    change("resetRate", (key) => flowControl.resetRate(key, timers.now())),
    change("pin", (key, query) => {
      const parallelism = readCount("parallelism", query.get("parallelism") ?? undefined);
      const rate = readCount("rate", query.get("rate") ?? undefined);
      if (parallelism === undefined && rate === undefined) {
        throw badRequest("pin needs parallelism or rate");
      }
      const periodMs = readPeriodMs(query.get("period") ?? undefined);
      flowControl.pin(key, { parallelism, rate, periodMs });
    }),
    change("unpin", (key, query) => {
      const isSet = (name: string): boolean => query.get(name) === "true";
      flowControl.unpin(key, { parallelism: isSet("parallelism"), rate: isSet("rate") });
    }),
    {
      method: "GET",
      path: "/v2/globalParallelism",
      handle: () => ({
        json: { parallelismMax: plan.parallelism, parallelismCount: dispatcher.open() },
      }),
    },
  ];
}

function keyOf(request: ApiRequest): string {
  return request.params["key"] ?? "";
}
