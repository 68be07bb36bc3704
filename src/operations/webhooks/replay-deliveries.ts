/** Sends deliveries again: one, or all of an endpoint that were given up since some time. Ids stay the same. */
import * as z from "zod";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { deliveryId, endpointId, noEndpoint, webhooksOf } from "./fields.ts";
import { replayPages } from "./replay-pages.ts";
import type { Webhooks } from "./webhooks.ts";

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
    if (delivery_id !== undefined) return replayOne(webhooks.value, delivery_id);
    const replayed = await replayPages(webhooks.value, {
      status: "dead",
      ...(endpoint_id !== undefined && { endpoint_id }),
      ...(since !== undefined && { since: Date.parse(since) }),
      ...(cursor !== undefined && { before: cursor }),
    });
    if (replayed.replayed > 0 || endpoint_id === undefined) return ok(replayed);
    const { endpoints } = await webhooks.value.store.endpoints();
    const known = endpoints.some((endpoint) => endpoint.endpoint_id === endpoint_id);
    return known ? ok(replayed) : noEndpoint(endpoint_id);
  },
});

async function replayOne(
  { store, queue }: Webhooks,
  delivery_id: string,
): Promise<Result<{ replayed: number }>> {
  const wanted = { delivery_id, limit: 1, replay: true };
  const { deliveries, planned, replayed } = await store.deliveries(wanted);
  await queue(planned);
  if (replayed > 0) return ok({ replayed });
  const [delivery] = deliveries;
  return refuse(
    "not_found",
    delivery
      ? `${delivery_id} is not sent again: its webhook ${delivery.endpoint_id} was deleted.`
      : `No delivery ${delivery_id} here (unknown, or removed after a week).`,
  );
}
