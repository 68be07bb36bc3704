/** Shows a task or a run. */
import { EVERYBODY } from "../../domain/role.ts";
import { getTaskStatus } from "../../operations/get-task-status.ts";
import { defineTool, READS } from "../tool.ts";

export const getTaskStatusTool = defineTool({
  operation: getTaskStatus,
  title: "Look at a task or run",
  description: "State and result of a task, or of a run with its tasks.",
  inputSchema: {
    type: "object",
    properties: {
      task_id: {
        type: "string",
      },
      run_id: {
        type: "string",
      },
      detail: {
        type: "string",
        enum: ["brief", "full", "why"],
        description: "why: what it waits for and what would help",
      },
      offset: {
        type: "integer",
        description: "To read on in a long result",
      },
    },
  },
  annotations: READS,
  listedFor: EVERYBODY,
});
