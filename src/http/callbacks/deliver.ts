/** `POST /qstash/deliver`: the planned attempt of a webhook delivery is due. */
import * as z from "zod";
import { LIMITS } from "../../domain/limits.ts";
import type { Timers } from "../../operations/composition.ts";
import { deliver } from "../../operations/webhooks/deliver.ts";
import type { Outcome } from "./outcome.ts";

export const deliverBody = z.object({
  project: z.string(),
  delivery_id: z.string(),
  turn: z.int().min(1),
});

export async function deliverCallback({ servicesOf }: Timers, body: unknown): Promise<Outcome> {
  const read = deliverBody.safeParse(body);
  if (!read.success) return { never: "malformed" };
  const { project, delivery_id, turn } = read.data;
  const webhooks = servicesOf(project)?.webhooks;
  if (!webhooks) return { never: "unknown_project" };
  const delivery = await deliver(webhooks, { delivery_id, turn });
  if (delivery === "busy") return { later: Math.ceil(LIMITS.webhook_busy_ms / 1000) };
  // Theirs is the clock that is ahead.
  if (delivery === "early") return { later: Math.ceil(LIMITS.tick_early_ms / 1000) };
  return { done: { project, delivery_id, delivery } };
}
