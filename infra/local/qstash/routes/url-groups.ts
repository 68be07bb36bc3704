// URL groups over HTTP, where they are called topics.

import { badRequest } from "../api-error.ts";
import { type ApiRequest, readJsonObject, type Route } from "../api-request.ts";
import { isRecord } from "../is-record.ts";
import type { Endpoint, UrlGroups } from "../url-groups.ts";

export function urlGroupRoutes(urlGroups: UrlGroups, now: () => number): Route[] {
  const nameOf = (request: ApiRequest): string => request.params["name"] ?? "";
  return [
    { method: "GET", path: "/v2/topics", handle: () => ({ json: urlGroups.list() }) },
    {
      method: "GET",
      path: "/v2/topics/:name",
      handle: (r) => ({ json: urlGroups.get(nameOf(r)) }),
    },
    {
      method: "DELETE",
      path: "/v2/topics/:name",
      handle: (request) => {
        urlGroups.delete(nameOf(request));
        return {};
      },
    },
    {
      method: "POST",
      path: "/v2/topics/:name/endpoints",
      handle: (request) => {
        const endpoints = readEndpoints(request).map(({ name, url }) => {
          if (url === undefined) throw badRequest("each endpoint needs a url");
          return { name, url };
        });
        urlGroups.addEndpoints(nameOf(request), { endpoints, now: now() });
        return {};
      },
    },
    {
      method: "DELETE",
      path: "/v2/topics/:name/endpoints",
      handle: (request) => {
        const endpoints = readEndpoints(request);
        urlGroups.removeEndpoints(nameOf(request), { endpoints, now: now() });
        return {};
      },
    },
  ];
}

function readEndpoints(request: ApiRequest): Partial<Endpoint>[] {
  const { endpoints } = readJsonObject(request);
  if (!Array.isArray(endpoints)) throw badRequest("endpoints must be an array");
  return endpoints.map((endpoint: unknown): Partial<Endpoint> => {
    if (!isRecord(endpoint)) throw badRequest("an endpoint is an object with a url");
    const { name, url } = endpoint;
    if (typeof url === "string") return { name: textOf(name), url };
    return { name: textOf(name) };
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
