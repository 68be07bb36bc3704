/** Finds tasks. Not on the list of workers, who may call it all the same: they are given their work. */
import { listTasks } from "../../operations/list-tasks.ts";
import { defineTool, READS } from "../tool.ts";

export const listTasksTool = defineTool({
  operation: listTasks,
  title: "Find tasks",
  description: "Find tasks.",
  inputSchema: {
    type: "object",
    properties: {
      run_id: {
        type: "string",
      },
      status: {
        type: "string",
        enum: [
          "blocked",
          "scheduled",
          "ready",
          "running",
          "suspended",
          "in_review",
          "completed",
          "failed",
          "cancelled",
          "skipped",
          "dead_letter",
          "needs_input",
          "late_result",
        ],
      },
      agent_type: {
        type: "string",
      },
      limit: {
        type: "integer",
      },
      cursor: {
        type: "string",
      },
    },
  },
  annotations: READS,
  listedFor: ["viewer", "orchestrator", "admin"],
});
