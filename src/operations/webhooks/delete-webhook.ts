/** Deletes an endpoint: nothing is sent to it any more. */
import * as z from "zod";
import { ok } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { endpointId, noEndpoint, webhooksOf } from "./fields.ts";
import { releaseHeld } from "./release-held.ts";

export const deleteWebhook = defineOperation({
  name: "delete_webhook",
  roles: ADMINS,
  input: z.strictObject({ endpoint_id: endpointId }),
  output: z.looseObject({ endpoint_id: z.string(), deleted: z.boolean() }),
  run: async ({ services, operation_id }, { endpoint_id }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const reply = await webhooks.value.store.act(operation_id, { action: "delete", endpoint_id });
    if ("refused" in reply) return noEndpoint(endpoint_id);
    await releaseHeld(webhooks.value, endpoint_id);
    return ok({ endpoint_id, deleted: true });
  },
});
