/** `POST /qstash/deliver`: the planned attempt of a webhook delivery is due, or events are left without deliveries. */
import * as z from "zod";
import { LIMITS } from "../../domain/limits.ts";
import type { Timers } from "../../operations/composition.ts";
import { makeDeliveries } from "../../operations/webhooks/make-deliveries.ts";
import { deliver } from "../../operations/webhooks/deliver.ts";
import type { Outcome } from "./outcome.ts";

export const deliverBody = z.object({
  project: z.string(),
  delivery_id: z.string(),
  turn: z.int().min(1),
});

const restBody = z.object({ project: z.string(), from: z.string() });

export async function deliverCallback(timers: Timers, body: unknown): Promise<Outcome> {
  const rest = restBody.safeParse(body).data;
  if (rest) return makeRest(timers, rest.project);
  const read = deliverBody.safeParse(body);
  if (!read.success) return { never: "malformed" };
  const { project, delivery_id, turn } = read.data;
  const webhooks = timers.servicesOf(project)?.webhooks;
  if (!webhooks) return { never: "unknown_project" };
  const delivery = await deliver(webhooks, { delivery_id, turn });
  if (delivery === "busy") return { later: Math.ceil(LIMITS.webhook_busy_ms / 1000) };
  // Theirs is the clock that is ahead.
  if (delivery === "early") return { later: Math.ceil(LIMITS.tick_early_ms / 1000) };
  return { done: { project, delivery_id, delivery } };
}

async function makeRest({ servicesOf }: Timers, project: string): Promise<Outcome> {
  const webhooks = servicesOf(project)?.webhooks;
  if (!webhooks) return { never: "unknown_project" };
  return { done: { project, deliveries: await makeDeliveries(webhooks) } };
}
