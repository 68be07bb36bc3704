/** Forces a circuit breaker open or closed, or lets it go again. For people, over REST; not on a tool list. */
import * as z from "zod";
import { ok, refuse } from "../domain/refusal.ts";
import { ORCHESTRATORS } from "../domain/role.ts";
import { breakersOf, showBreakers } from "./breakers.ts";
import { agentId, agentType } from "./fields.ts";
import { defineOperation } from "./operation.ts";

export const setBreaker = defineOperation({
  name: "set_breaker",
  roles: ORCHESTRATORS,
  input: z.strictObject({
    agent_type: agentType.optional(),
    agent_id: agentId.optional(),
    state: z.enum(["open", "closed", "auto"]),
  }),
  output: z.looseObject({
    breakers: z.array(z.looseObject({ of: z.string(), state: z.string() })),
  }),
  run: async ({ services: { store } }, { agent_type, agent_id, state }) => {
    if ((agent_type === undefined) === (agent_id === undefined)) {
      return refuse("invalid", "Say whose breaker: give either agent_type or agent_id.");
    }
    const name =
      agent_type === undefined ? `breaker:agent:${agent_id}` : `breaker:type:${agent_type}`;
    await store.breakers({ name, ...(state !== "auto" && { state }) });
    return ok({ breakers: showBreakers(await breakersOf(store)) });
  },
});
