/** Sends deliveries again: one, or all of an endpoint that were given up since some time. Ids stay the same. */
import * as z from "zod";
import { ok, refuse } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { deliveryId, endpointId, webhooksOf } from "./fields.ts";
import { replayPages } from "./replay-pages.ts";

export const replayDeliveries = defineOperation({
  name: "replay_deliveries",
  roles: ADMINS,
  input: z.strictObject({
    delivery_id: deliveryId.optional(),
    endpoint_id: endpointId.optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    cursor: z.string().max(120).optional(),
  }),
  output: z.looseObject({ replayed: z.int(), cursor: z.string().optional() }),
  run: async ({ services }, { delivery_id, endpoint_id, since, cursor }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    if ((delivery_id === undefined) === (endpoint_id === undefined)) {
      return refuse(
        "invalid",
        "Give delivery_id for one, or endpoint_id for all that were given up.",
      );
    }
    const replayed = await replayPages(
      webhooks.value,
      delivery_id === undefined
        ? {
            status: "dead",
            ...(endpoint_id !== undefined && { endpoint_id }),
            ...(since !== undefined && { since: Date.parse(since) }),
            ...(cursor !== undefined && { before: cursor }),
          }
        : { delivery_id },
    );
    return delivery_id !== undefined && replayed.replayed === 0
      ? refuse("not_found", `No delivery ${delivery_id} here (unknown, or removed after a week).`)
      : ok(replayed);
  },
});
