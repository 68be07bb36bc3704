/** A run as the server tells it, read whole. */
import * as z from "zod";
import { STATUSES } from "../../domain/lifecycle.ts";
import { ok, type Result } from "../../domain/refusal.ts";
import type { Api, CallOptions } from "../api.ts";

const taskView = z.object({
  task_id: z.string(),
  title: z.string(),
  status: z.enum(STATUSES),
  waits_for: z.string().optional(),
  agent_id: z.string().optional(),
  attempt: z.int().default(0),
});

export type TaskView = z.infer<typeof taskView>;

const page = z.object({
  run_id: z.string(),
  name: z.string().optional(),
  status: z.string(),
  created_seconds_ago: z.number().optional(),
  /** Once it has ended. */
  summary: z
    .object({
      seconds: z.number(),
      usage: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  tasks: z.array(taskView),
  more: z.string().optional(),
});

export type RunView = Omit<z.infer<typeof page>, "tasks"> & {
  readonly tasks: ReadonlyMap<string, TaskView>;
};

/** All pages. The run's own state is that of the first one, so that an ended run is shown with tasks that have ended. */
export async function readRun(
  api: Api,
  run_id: string,
  options: CallOptions = {},
): Promise<Result<RunView>> {
  const tasks = new Map<string, TaskView>();
  let first: z.infer<typeof page> | undefined;
  for (;;) {
    const args = { run_id, detail: "full", offset: tasks.size };
    const reply = await api.call("get_task_status", args, { tries: 3, ...options });
    if (!reply.ok) return reply;
    const { tasks: shown, ...run } = page.parse(reply.value);
    for (const task of shown) tasks.set(task.task_id, task);
    first ??= { ...run, tasks: [] };
    if (run.more === undefined || shown.length === 0) return ok({ ...first, tasks });
  }
}
