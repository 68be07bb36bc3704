/** Sends an endpoint an event of type `webhook.test`, whatever its filter, and though its breaker is open. */
import * as z from "zod";
import { ok, refuse } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { randomName } from "../random-name.ts";
import { endpointId, noEndpoint, webhooksOf } from "./fields.ts";

export const testWebhook = defineOperation({
  name: "test_webhook",
  roles: ADMINS,
  input: z.strictObject({ endpoint_id: endpointId }),
  output: z.looseObject({ endpoint_id: z.string(), delivery_id: z.string() }),
  run: async ({ services }, { endpoint_id }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const { store, queue } = webhooks.value;
    const { endpoints, now } = await store.endpoints();
    const endpoint = endpoints.find((one) => one.endpoint_id === endpoint_id);
    if (!endpoint) return noEndpoint(endpoint_id);
    if (endpoint.status !== "active") {
      return refuse(
        "invalid",
        `${endpoint_id} is ${endpoint.status}: PATCH /v1/webhooks/${endpoint_id} {"status": "active"} lets it go on.`,
      );
    }
    const delivery_id = `test_${randomName(services.random)}_${endpoint_id}`;
    const { planned } = await store.writeOutbox({
      deliveries: [
        {
          delivery_id,
          endpoint_id,
          type: "webhook.test",
          event_at: now,
          data: JSON.stringify({ endpoint_id }),
        },
      ],
    });
    await queue(planned);
    return ok({ endpoint_id, delivery_id });
  },
});
