/** Queues one task. */
import * as z from "zod";
import { AGENTS } from "../domain/role.ts";
import { ok } from "../domain/refusal.ts";
import { createTasks } from "./create-tasks.ts";
import { agentType, idempotencyKey, jsonObject, lease, priority, runId, taskId } from "./fields.ts";
import { notices } from "./notices.ts";
import { defineOperation } from "./operation.ts";

const KEY = "task";

export const createTask = defineOperation({
  name: "create_task",
  roles: AGENTS,
  input: z.strictObject({
    agent_type: agentType,
    task_description: z.string().trim().min(1),
    context: z.json().optional(),
    dependencies: z.array(taskId).optional(),
    run_id: runId.optional(),
    lease: lease.optional(),
    priority: priority.optional(),
    options: jsonObject.optional(),
    idempotency_key: idempotencyKey.optional(),
  }),
  output: z.looseObject({
    task_id: z.string(),
    status: z.string(),
    note: z.string().optional(),
    notices,
  }),
  run: async (call, { run_id, lease, idempotency_key, ...task }) => {
    const created = await createTasks(call, {
      tasks: [{ ...task, key: KEY }],
      ...(run_id !== undefined && { run_id }),
      ...(lease !== undefined && { lease }),
      ...(idempotency_key !== undefined && { idempotency_key: `create_task:${idempotency_key}` }),
    });
    if (!created.ok) return created;
    const [first] = created.value.tasks;
    if (!first) throw new Error("a creation without tasks succeeded");
    const { note, notices } = created.value;
    return ok({ ...first, ...(note && { note }), ...(notices && { notices }) });
  },
});
