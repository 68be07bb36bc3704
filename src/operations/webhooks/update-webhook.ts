/** Changes an endpoint: its URL, what it wants to hear of, whether it is paused. Going on sends what waited. */
import * as z from "zod";
import { ok, refuse } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import {
  description,
  endpointId,
  endpointOutput,
  filterFields,
  noEndpoint,
  url,
  webhooksOf,
} from "./fields.ts";
import { releaseHeld } from "./release-held.ts";
import { showEndpoint } from "./show.ts";
import { targetOf } from "./target-of.ts";

/** Without them everything fits again. */
const CLEARABLE = ["description", "types", "agent_types", "run_ids"] as const;

export const updateWebhook = defineOperation({
  name: "update_webhook",
  roles: ADMINS,
  input: z.strictObject({
    endpoint_id: endpointId,
    url: url.optional(),
    description: description.optional(),
    ...filterFields,
    status: z.enum(["active", "paused"]).optional(),
    /** Names of fields to remove: null means "not given" to this server. */
    clear: z.array(z.enum(CLEARABLE)).optional(),
  }),
  output: endpointOutput,
  run: async ({ services, operation_id }, { endpoint_id, clear, ...fields }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    if (Object.keys(fields).length === 0 && !clear) {
      return refuse("invalid", "Nothing to change: give url, types, status or another field.");
    }
    const target =
      fields.url === undefined ? undefined : await targetOf(fields.url, webhooks.value);
    if (target && !target.ok) return target;
    const given = Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== undefined),
    );
    const reply = await webhooks.value.store.act(operation_id, {
      action: "change",
      endpoint_id,
      fields: { ...given, ...(target && { url: target.value }) },
      ...(clear && { cleared: clear }),
    });
    if ("refused" in reply) return noEndpoint(endpoint_id);
    const [changed] = reply.said.endpoints;
    if (!changed) throw new Error("an endpoint was changed and is not there");
    if (fields.status === "active" || target) await releaseHeld(webhooks.value, endpoint_id);
    return ok(showEndpoint(changed, reply.said.now));
  },
});
