// Schedules over HTTP.

import type { ApiRequest, Route } from "../api-request.ts";
import { firstValue } from "../header-bag.ts";
import type { Schedules } from "../schedules.ts";
import { readDestination } from "./publish.ts";

export function scheduleRoutes(schedules: Schedules): Route[] {
  const idOf = (request: ApiRequest): string => request.params["id"] ?? "";

  function setPaused(paused: boolean): Route["handle"] {
    return (request) => {
      schedules.setPaused(idOf(request), paused);
      return {};
    };
  }

  // The documentation names POST for pausing, the SDK sends PATCH.
  const pausing = ["PATCH", "POST"].flatMap((method): Route[] => [
    { method, path: "/v2/schedules/:id/pause", handle: setPaused(true) },
    { method, path: "/v2/schedules/:id/resume", handle: setPaused(false) },
  ]);

  return [
    ...pausing,
    { method: "GET", path: "/v2/schedules", handle: () => ({ json: schedules.list() }) },
    { method: "GET", path: "/v2/schedules/:id", handle: (r) => ({ json: schedules.get(idOf(r)) }) },
    {
      method: "DELETE",
      path: "/v2/schedules/:id",
      handle: (request) => {
        schedules.delete(idOf(request));
        return {};
      },
    },
    {
      method: "POST",
      path: "/v2/schedules/*",
      handle: ({ rest, headers, body, callerIp }) => {
        const scheduleId = schedules.create({
          id: firstValue(headers, "upstash-schedule-id"),
          cron: firstValue(headers, "upstash-cron"),
          publish: {
            destination: readDestination(rest),
            headers,
            body,
            callerIp,
            queueName: firstValue(headers, "upstash-queue-name"),
          },
        });
        return { json: { scheduleId } };
      },
    },
  ];
}
