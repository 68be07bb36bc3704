/** Renews all that an agent holds, for those who can say that it works but not on what. */
import * as z from "zod";
import { ok, refuse } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import { agentId, instance } from "./fields.ts";
import { notices, sayNotices } from "./notices.ts";
import { defineOperation } from "./operation.ts";
import { pollRefusal } from "./poll-tasks.ts";

export const agentAlive = defineOperation({
  name: "agent_alive",
  roles: AGENTS,
  input: z.strictObject({ agent_id: agentId, instance: instance.optional() }),
  output: z.looseObject({
    agent_id: z.string(),
    tasks: z.array(z.looseObject({ task_id: z.string(), lease_seconds: z.int() })).optional(),
    notices,
  }),
  run: async ({ services: { store }, caller }, input) => {
    const { agent_id } = input;
    const reply = await store.poll({
      agent: {
        agent_id,
        ...(input.instance !== undefined && { instance: input.instance }),
        key_id: caller.key_id,
        max_tasks: 0,
        lease_seconds: 0,
        wait_ms: 0,
      },
      checks: [],
    });
    if (!("refused" in reply)) {
      const { now, tasks } = reply.said;
      const held = tasks.map(({ record: { task_id, lease } }) => ({
        task_id,
        lease_seconds: Math.max(0, Math.floor(((lease?.until_ms ?? now) - now) / 1000)),
      }));
      return ok({
        agent_id,
        ...(held.length > 0 && { tasks: held }),
        ...sayNotices(reply.said.notices),
      });
    }
    if (reply.refused.refused !== "agent_type_needed") return pollRefusal(reply.refused, agent_id);
    return refuse(
      "not_found",
      `No agent ${agent_id} here: it becomes known with its first poll_tasks.`,
    );
  },
});
