/** Registers an endpoint. Its secret is shown this once. */
import * as z from "zod";
import { ok, refuse } from "../../domain/refusal.ts";
import { ADMINS } from "../../domain/role.ts";
import { idempotencyKey } from "../fields.ts";
import { defineOperation } from "../operation.ts";
import { fingerprint } from "../random-name.ts";
import { description, endpointOutput, filterFields, newSecret, url, webhooksOf } from "./fields.ts";
import { showEndpoint } from "./show.ts";
import { targetOf } from "./target-of.ts";
import { keyUsedOtherwise } from "../key-used-otherwise.ts";

export const createWebhook = defineOperation({
  name: "create_webhook",
  roles: ADMINS,
  input: z.strictObject({
    url,
    description: description.optional(),
    ...filterFields,
    idempotency_key: idempotencyKey.optional(),
  }),
  output: endpointOutput.extend({ secret: z.string() }),
  run: async ({ services, operation_id }, { idempotency_key, ...endpoint }) => {
    const webhooks = webhooksOf(services);
    if (!webhooks.ok) return webhooks;
    const target = await targetOf(endpoint.url, webhooks.value);
    if (!target.ok) return target;
    const secret = newSecret(services.random);
    const once =
      idempotency_key === undefined
        ? undefined
        : {
            operation: ["create_webhook", idempotency_key],
            fingerprint: await fingerprint(endpoint),
          };
    const operation = once ? `key:${await fingerprint(once.operation)}` : operation_id;
    const reply = await webhooks.value.store.act(operation, {
      action: "make",
      endpoint: { ...endpoint, url: target.value, secrets: [{ secret }] },
      ...(once && { fingerprint: once.fingerprint }),
    });
    if ("refused" in reply && reply.refused.refused === "idempotency_conflict") {
      return keyUsedOtherwise();
    }
    if ("refused" in reply) {
      return refuse(
        "limit",
        `A project has at most ${reply.refused.limit} webhooks: delete one, or widen the filter of one.`,
      );
    }
    const [made] = reply.said.endpoints;
    if (!made) throw new Error("an endpoint was made and is not there");
    // A re-send is told the secret that was made first.
    return ok({
      ...showEndpoint(made, reply.said.now),
      secret: made.secrets[0]?.secret ?? secret,
    });
  },
});
