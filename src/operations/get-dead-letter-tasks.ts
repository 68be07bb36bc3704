/** Lists dead letters under the name that agents of an earlier server use. Not advertised: see `list_tasks`. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { EVERYBODY } from "../domain/role.ts";
import { agentType } from "./fields.ts";
import { listTasks } from "./list-tasks.ts";
import { defineOperation } from "./operation.ts";

export const getDeadLetterTasks = defineOperation({
  name: "get_dead_letter_tasks",
  roles: EVERYBODY,
  input: z.strictObject({
    agent_type: agentType.optional(),
    limit: z.int().min(1).max(LIMITS.list_cap).optional(),
  }),
  output: listTasks.output,
  run: (call, input) => listTasks.run(call, { ...input, status: "dead_letter" }),
});
