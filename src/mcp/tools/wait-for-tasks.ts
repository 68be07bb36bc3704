/** Tells an orchestrator when there is something for it to do. It reads only: the cursor is the caller's. */
import { ORCHESTRATORS } from "../../domain/role.ts";
import { waitForTasks } from "../../operations/wait-for-tasks.ts";
import { defineTool, READS } from "../tool.ts";

export const waitForTasksTool = defineTool({
  operation: waitForTasks,
  title: "Wait for tasks",
  description:
    "Wait until tasks end, or something needs you: a question, a dead letter, work that no agent can take.",
  inputSchema: {
    type: "object",
    properties: {
      run_id: {
        type: "string",
      },
      task_ids: {
        type: "array",
        items: {
          type: "string",
        },
      },
      until: {
        type: "string",
        enum: ["any", "all"],
        description: "Default all",
      },
      wait_seconds: {
        type: "integer",
        description: "Default 45",
      },
      cursor: {
        type: "string",
        description: "From the last reply, else you are told the same again",
      },
    },
  },
  annotations: READS,
  listedFor: ORCHESTRATORS,
});
