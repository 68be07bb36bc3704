// Finds the route of a request without disturbing a destination URL inside its path.

import type { Route } from "./api-request.ts";

export type RouteMatch = {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly rest: string;
  readonly query: URLSearchParams;
};

/** `target` is the request target as sent. The first route that fits is taken. */
export function createRouter(
  routes: readonly Route[],
): (method: string, target: string) => RouteMatch | undefined {
  const compiled = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  return (method, target) => {
    for (const { route, pattern } of compiled) {
      const groups = route.method === method ? pattern.exec(target)?.groups : undefined;
      if (groups === undefined) continue;
      const { rest, query, ...named } = groups;
      return {
        route,
        params: Object.fromEntries(
          Object.entries(named).map(([name, value]) => [name, decode(value)]),
        ),
        rest: rest ?? "",
        query: new URLSearchParams(query ?? ""),
      };
    }
    return undefined;
  };
}

function patternOf(path: string): RegExp {
  const parts = path.replaceAll(/:(\w+)/g, "(?<$1>[^/?]+)");
  if (parts.endsWith("*")) return new RegExp(`^(?<query>(?!))?${parts.slice(0, -1)}(?<rest>.+)$`);
  return new RegExp(`^(?<rest>(?!))?${parts}/?(?:\\?(?<query>.*))?$`);
}

/** A part that is not valid percent-encoding is taken as it is. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
