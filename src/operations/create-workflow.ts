/** Queues many tasks as one run, all or nothing; or, with `options.cron`, again and again by the calendar. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import { readCronOption } from "../domain/schedule.ts";
import { type CreateInput, createTasks, type TaskInput } from "./create-tasks.ts";
import { agentType, idempotencyKey, jsonObject, lease, priority } from "./fields.ts";
import { notices } from "./notices.ts";
import { dryRun } from "./dry-run.ts";
import { type Call, defineOperation } from "./operation.ts";
import { makeSchedule } from "./schedules/make-schedule.ts";

const workflowTask = z.strictObject({
  key: z.string().trim().min(1).max(64),
  agent_type: agentType.optional(),
  task_description: z.string().trim().min(1),
  context: z.json().optional(),
  dependencies: z.array(z.string().trim().min(1).max(64)).optional(),
  priority: priority.optional(),
  options: jsonObject.optional(),
});

const workflow = z.strictObject({
  name: z.string().trim().min(1).max(LIMITS.title_length),
  tasks: z.array(workflowTask).min(1).max(LIMITS.workflow_tasks),
  agent_type: agentType.optional(),
  options: jsonObject.optional(),
});

type Workflow = z.infer<typeof workflow>;

export const createWorkflow = defineOperation({
  name: "create_workflow",
  roles: AGENTS,
  input: workflow.extend({
    lease: lease.optional(),
    dry_run: z.boolean().optional(),
    idempotency_key: idempotencyKey.optional(),
  }),
  output: z.looseObject({
    /** Absent where a schedule was made. */
    run_id: z.string().optional(),
    schedule_id: z.string().optional(),
    tasks: z.int(),
    ready: z.int().optional(),
    /** With `dry_run`: keys by the moment at which they may start, and a longest chain of them. */
    waves: z.array(z.array(z.string())).optional(),
    critical_path: z.array(z.string()).optional(),
    more: z.string().optional(),
    /** With a lease: the first child; the others are numbered on from there. */
    first: z.string().optional(),
    note: z.string().optional(),
    notices,
  }),
  run: async (call, { lease, dry_run, idempotency_key, ...given }) => {
    const { cron, ...options } = given.options ?? {};
    const input: Workflow = { ...given, options };
    const creation = creationOf(input);
    if (!creation.ok) return creation;
    const all = { ...creation.value, ...(lease !== undefined && { lease }) };
    if (dry_run) {
      const option = isGiven(cron) ? readCronOption(cron) : ok(undefined);
      return option.ok ? dryRun(call, all) : option;
    }
    if (isGiven(cron)) {
      const made = await makeSchedule(call, {
        cron,
        workflow: input,
        creation: all,
        idempotency_key,
      });
      return made.ok ? ok({ ...made.value, tasks: input.tasks.length }) : made;
    }
    const created = await createTasks(call, {
      ...all,
      ...(idempotency_key !== undefined && {
        idempotency_key: `create_workflow:${idempotency_key}`,
      }),
    });
    if (!created.ok) return created;
    const { run_id, ready, note, notices } = created.value;
    const first = created.value.tasks[0]?.task_id;
    return ok({
      run_id,
      tasks: input.tasks.length,
      ready,
      ...(lease !== undefined && first !== undefined && { first }),
      ...(note && { note }),
      ...(notices && { notices }),
    });
  },
});

function isGiven(option: unknown): boolean {
  return option !== undefined && option !== null && option !== "";
}

/** Creates the run of a schedule for one of its times, and however often it is called for that time, only one. */
export async function createScheduledRun(
  call: Call,
  due: { readonly workflow: unknown; readonly schedule_id: string; readonly at: number },
): Promise<Result<string>> {
  const creation = creationOf(workflow.parse(due.workflow));
  if (!creation.ok) return creation;
  const created = await createTasks(call, {
    ...creation.value,
    schedule: due.schedule_id,
    idempotency_key: `create_scheduled:${due.schedule_id}:${due.at}`,
  });
  return created.ok ? ok(created.value.run_id) : created;
}

function creationOf({ name, tasks, agent_type, options }: Workflow): Result<CreateInput> {
  const lacking = tasks.filter((task) => !(task.agent_type ?? agent_type)).map(({ key }) => key);
  if (lacking.length > 0) {
    return refuse(
      "invalid",
      `agent_type is missing in ${lacking.join(", ")}: give it there, or once for all beside name.`,
    );
  }
  return ok({
    name,
    tasks: tasks.map((task): TaskInput => ({
      ...task,
      agent_type: task.agent_type ?? agent_type ?? "",
      options: { ...options, ...task.options },
    })),
  });
}
