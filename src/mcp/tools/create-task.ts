/** Queues one task; for a worker, a child of its own. */
import { AGENTS } from "../../domain/role.ts";
import { createTask } from "../../operations/create-task.ts";
import { defineTool } from "../tool.ts";
import { TASK_OPTIONS } from "./task-options.ts";

export const createTaskTool = defineTool({
  operation: createTask,
  title: "Create a task",
  description:
    "Queue one task; returns its task_id at once. A worker passes its lease to delegate a child of its own task.",
  inputSchema: {
    type: "object",
    properties: {
      agent_type: {
        type: "string",
        description: "Who does it: planning, implementation, testing, …",
      },
      task_description: {
        type: "string",
        description: "All the worker needs; the first line is its title",
      },
      context: {
        type: "object",
        description: "Extra data for the worker",
      },
      dependencies: {
        type: "array",
        items: {
          type: "string",
        },
        description: "task_ids that must complete first",
      },
      run_id: {
        type: "string",
        description: "Add to this run; default: that of the first dependency, else a new one",
      },
      lease: {
        type: "string",
        description: "Workers: your lease",
      },
      priority: {
        type: "integer",
        description: "0 first, 9 last; default 5",
      },
      options: {
        type: "object",
        description: TASK_OPTIONS,
      },
    },
    required: ["agent_type", "task_description"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
