/** Input fields of webhook operations, and what is said where the server has none. */
import * as z from "zod";
import { isEventType, noSuchEvents } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import { refuse, type Result } from "../../domain/refusal.ts";
import type { Services } from "../services.ts";
import { agentType, runId } from "../fields.ts";
import type { Webhooks } from "./webhooks.ts";

export const endpointId = z.string().trim().min(1).max(16);
export const deliveryId = z.string().trim().min(1).max(80);
export const url = z.string().trim().min(1);
export const description = z.string().trim().max(200);

/** Looked at together: each that is wrong is compared with all names, and a list may be of any length. */
const eventTypes = z
  .array(z.string().trim())
  .min(1)
  .max(LIMITS.webhook_types)
  .superRefine((types, context) => {
    for (const [index, type] of types.slice(0, LIMITS.webhook_types).entries()) {
      if (isEventType(type)) continue;
      context.addIssue({ code: "custom", path: [index], message: noSuchEvents(type) });
    }
  });

/** What an endpoint wants to hear of; everything where all are absent. */
export const filterFields = {
  types: eventTypes.optional(),
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
