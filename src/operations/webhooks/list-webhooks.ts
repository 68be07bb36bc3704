/** Lists the endpoints of a project. */
import * as z from "zod";
import { ok } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { defineOperation } from "../operation.ts";
import { endpointOutput, webhooksOf } from "./fields.ts";
import { showEndpoint } from "./show.ts";

export const listWebhooks = defineOperation({
  name: "list_webhooks",
  roles: ADMINS,
  input: z.strictObject({}),
  output: z.looseObject({ webhooks: z.array(endpointOutput) }),
  run: async ({ services }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const { endpoints, now } = await webhooks.value.store.endpoints();
    return ok({ webhooks: endpoints.map((endpoint) => showEndpoint(endpoint, now)) });
  },
});
