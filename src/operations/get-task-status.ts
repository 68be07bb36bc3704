/** Tells the state of a task, or of a run with its tasks. */
import * as z from "zod";
import { parseLease, parseRunId, parseTaskId } from "../domain/ids.ts";
import { refuse } from "../domain/refusal.ts";
import { EVERYBODY } from "../domain/role.ts";
import { runId, taskId } from "./fields.ts";
import { notFound } from "./not-found.ts";
import { defineOperation } from "./operation.ts";
import { runStatus } from "./run-status.ts";
import { taskStatus } from "./task-status.ts";

export const getTaskStatus = defineOperation({
  name: "get_task_status",
  roles: EVERYBODY,
  input: z.strictObject({
    task_id: taskId.optional(),
    run_id: runId.optional(),
    detail: z.enum(["brief", "full", "why"]).optional(),
    offset: z.int().min(0).optional(),
  }),
  output: z.looseObject({
    run_id: z.string(),
    status: z.string(),
  }),
  run: async ({ services: { store } }, { task_id, run_id, detail = "brief", offset = 0 }) => {
    if ((task_id === undefined) === (run_id === undefined)) {
      return refuse("invalid", "Give either task_id or run_id.");
    }
    if (task_id !== undefined) {
      // A worker knows its task by its lease.
      const id = parseLease(task_id)?.task_id ?? task_id;
      return parseTaskId(id)
        ? taskStatus(store, { task_id: id, detail, offset })
        : notFound("task", id);
    }
    const id = run_id ?? "";
    return parseRunId(id) ? runStatus(store, { run_id: id, detail, offset }) : notFound("run", id);
  },
});
