/** Input fields of webhook operations, and what is said where the server has none. */
import * as z from "zod";
import { isEventType } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import { refuse, type Result } from "../../domain/refusal.ts";
import type { Services } from "../services.ts";
import { agentType, runId } from "../fields.ts";
import type { Webhooks } from "./webhooks.ts";

export const endpointId = z.string().trim().min(1).max(16);
export const deliveryId = z.string().trim().min(1).max(80);
export const url = z.string().trim().min(1);
export const description = z.string().trim().max(200);

const eventType = z
  .string()
  .trim()
  .refine(isEventType, "no event is called so; see the list of event types, or use task.*");

/** What an endpoint wants to hear of; everything where all are absent. */
export const filterFields = {
  types: z.array(eventType).min(1).max(LIMITS.webhook_types).optional(),
  agent_types: z.array(agentType).min(1).max(LIMITS.webhook_types).optional(),
  run_ids: z.array(runId).min(1).max(LIMITS.webhook_types).optional(),
};

/** One endpoint, or several. */
export const endpointOutput = z.looseObject({ endpoint_id: z.string(), url: z.string() });

export function webhooksOf({ webhooks }: Services): Result<Webhooks> {
  return webhooks
    ? { ok: true, value: webhooks }
    : refuse(
        "unavailable",
        "This server does not know its own URL, so QStash cannot call it for deliveries: set BATON_URL.",
      );
}

export function noEndpoint(endpoint_id: string): Result<never> {
  return refuse("not_found", `No webhook ${endpoint_id.slice(0, 40)} here (unknown, or deleted).`);
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 24 to 64 bytes. */
export function newSecret(random: Services["random"]): string {
  return `whsec_${btoa(String.fromCharCode(...random(32)))}`;
}
