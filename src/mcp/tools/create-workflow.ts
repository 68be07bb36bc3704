/** Queues a graph of tasks. */
import { AGENTS } from "../../domain/role.ts";
import { createWorkflow } from "../../operations/create-workflow.ts";
import { defineTool } from "../tool.ts";
import { TASK_OPTIONS } from "./task-options.ts";

export const createWorkflowTool = defineTool({
  operation: createWorkflow,
  title: "Create a workflow",
  description:
    "Queue many tasks as one run, all or nothing. They are numbered in order: r7t1, r7t2, …",
  inputSchema: {
    type: "object",
    properties: {
      name: {
        type: "string",
      },
      tasks: {
        type: "array",
        items: {
          type: "object",
          properties: {
            key: {
              type: "string",
            },
            agent_type: {
              type: "string",
            },
            task_description: {
              type: "string",
            },
            context: {
              type: "object",
            },
            dependencies: {
              type: "array",
              items: {
                type: "string",
              },
              description: "keys here, or task_ids",
            },
            priority: {
              type: "integer",
            },
            options: {
              type: "object",
              description: TASK_OPTIONS,
            },
          },
          required: ["key", "task_description"],
        },
      },
      agent_type: {
        type: "string",
        description: "For tasks without their own",
      },
      options: {
        type: "object",
        description: "cron; defaults for the tasks",
      },
      lease: {
        type: "string",
        description: "Workers: your lease; the tasks become your children",
      },
      dry_run: {
        type: "boolean",
        description: "Only check; shows waves and critical path",
      },
    },
    required: ["name", "tasks"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
