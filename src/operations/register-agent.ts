/** Announces an agent without asking for work: what agents of an earlier server call first. Not advertised. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import { agentId, agentType, capability } from "./fields.ts";
import { defineOperation } from "./operation.ts";
import { pollTasks } from "./poll-tasks.ts";

export const registerAgent = defineOperation({
  name: "register_agent",
  roles: AGENTS,
  input: z.strictObject({
    agent_id: agentId,
    agent_type: agentType,
    capabilities: z.array(capability).max(LIMITS.capabilities).optional(),
  }),
  output: z.looseObject({ agent_id: z.string(), next: z.string().optional() }),
  run: async (call, input) => {
    const met = await pollTasks.run(call, { ...input, max_tasks: 0, wait_seconds: 0 });
    if (!met.ok) return met;
    return ok({
      agent_id: input.agent_id,
      next: "Call poll_tasks for work; registering is not needed.",
    });
  },
});
