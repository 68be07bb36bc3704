// Signing keys and the event log over HTTP.

import type { Route } from "../api-request.ts";
import type { Engine } from "../engine.ts";
import { logView } from "../event-log.ts";
import { readFilter } from "../filters.ts";
import type { SigningKeys } from "../signing-keys.ts";

export function keyAndLogRoutes(engine: Engine, keys: SigningKeys): Route[] {
  /** The documentation names /v2/logs with `logs`, the SDK reads `events` from /v2/events. */
  function logRoute(path: string, field: "events" | "logs"): Route {
    return {
      method: "GET",
      path,
      handle: ({ query }) => {
        const now = engine.timers.now();
        const page = engine.log.page({ filter: readFilter(query), query, now });
        return { json: { [field]: page.items.map(logView), cursor: page.cursor } };
      },
    };
  }

  return [
    { method: "GET", path: "/v2/keys", handle: () => ({ json: keys.pair() }) },
    { method: "POST", path: "/v2/keys/rotate", handle: () => ({ json: keys.rotate() }) },
    logRoute("/v2/events", "events"),
    logRoute("/v2/logs", "logs"),
  ];
}
