/** Lists webhook deliveries, newest first, with how each attempt ended. */
import * as z from "zod";
import { LIMITS } from "../../domain/limits.ts";
import { ok } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { DELIVERY_STATUSES } from "../../domain/webhook.ts";
import { defineOperation } from "../operation.ts";
import { endpointId, webhooksOf } from "./fields.ts";
import { showDelivery } from "./show.ts";

export const listDeliveries = defineOperation({
  name: "list_deliveries",
  roles: ADMINS,
  input: z.strictObject({
    endpoint_id: endpointId.optional(),
    status: z.enum(DELIVERY_STATUSES).optional(),
    limit: z.int().min(1).max(LIMITS.list_cap).optional(),
    cursor: z.string().max(120).optional(),
  }),
  output: z.looseObject({
    deliveries: z.array(z.looseObject({ delivery_id: z.string(), status: z.string() })),
    cursor: z.string().optional(),
  }),
  run: async ({ services }, { endpoint_id, status, limit = LIMITS.list_default, cursor }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const { deliveries, next } = await webhooks.value.store.deliveries({
      limit,
      ...(endpoint_id !== undefined && { endpoint_id }),
      ...(status && { status }),
      ...(cursor !== undefined && { before: cursor }),
    });
    return ok({
      deliveries: deliveries.map(showDelivery),
      ...(next !== null && { cursor: next }),
    });
  },
});
