/** Gives an agent work, and again what it holds. */
import { AGENTS } from "../../domain/role.ts";
import { pollTasks } from "../../operations/poll-tasks.ts";
import { defineTool } from "../tool.ts";

export const pollTasksTool = defineTool({
  operation: pollTasks,
  title: "Get work",
  description:
    "Get work: waits, then gives a task with its lease. What you already hold is given again, so call it when you lost track. End every task with submit_result.",
  inputSchema: {
    type: "object",
    properties: {
      agent_id: {
        type: "string",
        description: "Your own name; no two agents may share one",
      },
      agent_type: {
        type: "string",
        description: "Needed the first time",
      },
      capabilities: {
        type: "array",
        items: {
          type: "string",
        },
      },
      max_tasks: {
        type: "integer",
        description: "Default 1, held ones included",
      },
      wait_seconds: {
        type: "integer",
        description: "Default 30; up to 45 is safe in every client",
      },
      lease_seconds: {
        type: "integer",
        description: "How long you may stay silent; default 3600",
      },
    },
    required: ["agent_id"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
