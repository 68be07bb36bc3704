/** The addresses of what people and programs administer: each is an operation, with what its path and query say. */
import type { Operation } from "../../operations/operation.ts";
import { deleteSchedule } from "../../operations/schedules/delete-schedule.ts";
import { listSchedules } from "../../operations/schedules/list-schedules.ts";
import { createWebhook } from "../../operations/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../operations/webhooks/delete-webhook.ts";
import { listDeliveries } from "../../operations/webhooks/list-deliveries.ts";
import { listWebhooks } from "../../operations/webhooks/list-webhooks.ts";
import { replayDeliveries } from "../../operations/webhooks/replay-deliveries.ts";
import { rotateWebhookSecret } from "../../operations/webhooks/rotate-webhook-secret.ts";
import { testWebhook } from "../../operations/webhooks/test-webhook.ts";
import { updateWebhook } from "../../operations/webhooks/update-webhook.ts";

export interface RestRoute {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Its parameters are named like those of the operation. */
  readonly path: string;
  readonly operation: Operation;
}

export const REST_ROUTES: readonly RestRoute[] = [
  { method: "GET", path: "/v1/schedules", operation: listSchedules },
  { method: "DELETE", path: "/v1/schedules/:schedule_id", operation: deleteSchedule },
  { method: "GET", path: "/v1/webhooks", operation: listWebhooks },
  { method: "POST", path: "/v1/webhooks", operation: createWebhook },
  { method: "PATCH", path: "/v1/webhooks/:endpoint_id", operation: updateWebhook },
  { method: "DELETE", path: "/v1/webhooks/:endpoint_id", operation: deleteWebhook },
  { method: "POST", path: "/v1/webhooks/:endpoint_id/rotate", operation: rotateWebhookSecret },
  { method: "POST", path: "/v1/webhooks/:endpoint_id/test", operation: testWebhook },
  { method: "GET", path: "/v1/deliveries", operation: listDeliveries },
  { method: "POST", path: "/v1/deliveries/replay", operation: replayDeliveries },
];

/** The methods of each path, for the answer to another one. */
export function methodsByPath(routes: readonly RestRoute[]): Map<string, string> {
  const methods = new Map<string, string>();
  for (const { method, path } of routes) {
    const before = methods.get(path);
    methods.set(path, before === undefined ? method : `${before}, ${method}`);
  }
  return methods;
}
