/** Gives an endpoint a new secret. The one before it signs along for a day, so that no delivery fails meanwhile. */
import * as z from "zod";
import { LIMITS } from "../../domain/limits.ts";
import { ok } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { endpointId, newSecret, noEndpoint, webhooksOf } from "./fields.ts";

export const rotateWebhookSecret = defineOperation({
  name: "rotate_webhook_secret",
  roles: ADMINS,
  input: z.strictObject({ endpoint_id: endpointId }),
  output: z.looseObject({
    endpoint_id: z.string(),
    secret: z.string(),
    old_secret_valid_seconds: z.int(),
  }),
  run: async ({ services, operation_id }, { endpoint_id }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const reply = await webhooks.value.store.act(operation_id, {
      action: "change",
      endpoint_id,
      secret: newSecret(services.random),
    });
    if ("refused" in reply) return noEndpoint(endpoint_id);
    const secret = reply.said.endpoints[0]?.secrets[0]?.secret;
    if (secret === undefined) throw new Error("an endpoint without a secret");
    return ok({
      endpoint_id,
      secret,
      old_secret_valid_seconds: LIMITS.webhook_secret_overlap_ms / 1000,
    });
  },
});
