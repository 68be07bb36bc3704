/** Queues many tasks as one run, all or nothing. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import { createTasks, type TaskInput } from "./create-tasks.ts";
import { agentType, idempotencyKey, jsonObject, lease, priority } from "./fields.ts";
import { defineOperation } from "./operation.ts";

const workflowTask = z.strictObject({
  key: z.string().trim().min(1).max(64),
  agent_type: agentType.optional(),
  task_description: z.string().trim().min(1),
  context: z.json().optional(),
  dependencies: z.array(z.string().trim().min(1).max(64)).optional(),
  priority: priority.optional(),
  options: jsonObject.optional(),
});

export const createWorkflow = defineOperation({
  name: "create_workflow",
  roles: AGENTS,
  input: z.strictObject({
    name: z.string().trim().min(1).max(LIMITS.title_length),
    tasks: z.array(workflowTask).min(1).max(LIMITS.tasks_per_create),
    agent_type: agentType.optional(),
    options: jsonObject.optional(),
    lease: lease.optional(),
    dry_run: z.boolean().optional(),
    idempotency_key: idempotencyKey.optional(),
  }),
  output: z.looseObject({
    run_id: z.string(),
    tasks: z.int(),
    ready: z.int(),
    note: z.string().optional(),
  }),
  run: async (call, { name, tasks, agent_type, options, lease, dry_run, idempotency_key }) => {
    if (dry_run) return refuse("not_available", "dry_run is not yet available; leave it out.");
    const lacking = tasks.filter((task) => !(task.agent_type ?? agent_type)).map(({ key }) => key);
    if (lacking.length > 0) {
      return refuse(
        "invalid",
        `agent_type is missing in ${lacking.join(", ")}: give it there, or once for all beside name.`,
      );
    }
    const created = await createTasks(call, {
      name,
      tasks: tasks.map((task): TaskInput => ({
        ...task,
        agent_type: task.agent_type ?? agent_type ?? "",
        options: { ...options, ...task.options },
      })),
      ...(lease !== undefined && { lease }),
      ...(idempotency_key !== undefined && {
        idempotency_key: `create_workflow:${idempotency_key}`,
      }),
    });
    if (!created.ok) return created;
    const { run_id, note } = created.value;
    const ready = created.value.tasks.filter(({ status }) => status === "ready").length;
    return ok({ run_id, tasks: tasks.length, ready, ...(note && { note }) });
  },
});
