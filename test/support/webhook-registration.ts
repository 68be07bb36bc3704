/** Webhook endpoints of a running Worker, as their owner sees them over REST. */
import { Webhook } from "standardwebhooks";

import { z } from "zod";
import type { Stack } from "../../infra/local/stack.ts";
import type { Delivery } from "../local/qstash/endpoint.ts";
import { headersOf } from "./worker-api.ts";
import { eventually } from "./eventually.ts";

const deliveryShown = z.looseObject({
  delivery_id: z.string(),
  status: z.string(),
  attempts: z.int(),
  held_by: z.string().optional(),
  next_attempt_at: z.string().optional(),
  results: z
    .array(
      z.looseObject({
        at: z.string(),
        status: z.int(),
        body: z.string().optional(),
        error: z.string().optional(),
      }),
    )
    .default([]),
});
export type Shown = z.infer<typeof deliveryShown>;
const listed = z.looseObject({ deliveries: z.array(deliveryShown) });
export const made = z.looseObject({ endpoint_id: z.string(), secret: z.string() });
export const shownEndpoints = z.looseObject({
  webhooks: z.array(z.looseObject({ endpoint_id: z.string(), status: z.string() })),
});

/** A call of an admin, whose reply has that shape. */
export async function rest<T>(
  { baseUrl }: Pick<Stack, "baseUrl">,
  shape: z.ZodType<T>,
  [method, path, body]: readonly [method: string, path: string, body?: object],
): Promise<T> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: headersOf("admin"),
    ...(body && { body: JSON.stringify(body) }),
  });
  return shape.parse(await response.json());
}

export interface Registered {
  readonly endpoint_id: string;
  readonly secret: string;
  /** Newest first. */
  readonly deliveries: () => Promise<Shown[]>;
  /** The newest delivery, once so many attempts of it have ended. */
  readonly attempted: (attempts?: number) => Promise<Shown>;
}

/** An endpoint for the creation of tasks, unless the filter says otherwise. */
export async function registerWebhook(
  stack: Pick<Stack, "baseUrl">,
  url: string,
  filter: object,
): Promise<Registered> {
  const body = { url, types: ["task.created"], ...filter };
  const { endpoint_id, secret } = await rest(stack, made, ["POST", "/v1/webhooks", body]);
  const deliveries = async (): Promise<Shown[]> =>
    (await rest(stack, listed, ["GET", `/v1/deliveries?endpoint_id=${endpoint_id}`])).deliveries;
  /** The newest delivery, once an attempt of it has ended. */
  const attempted = (attempts = 1): Promise<Shown> =>
    eventually(async () => {
      const [newest] = await deliveries();
      if (!newest || newest.results.length < attempts) throw new Error("not attempted yet");
      return newest;
    });
  return { endpoint_id, secret, deliveries, attempted };
}

/** Whether the official library takes it for genuine. */
export function verify(secret: string, { headers, body }: Delivery): unknown {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return new Webhook(secret).verify(body, Object.fromEntries(texts));
}
