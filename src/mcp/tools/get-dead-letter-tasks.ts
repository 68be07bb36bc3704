/** Lists dead letters. Served for agents of an earlier server, and on nobody's list: list_tasks does it. */
import { getDeadLetterTasks } from "../../operations/get-dead-letter-tasks.ts";
import { defineTool, READS } from "../tool.ts";

export const getDeadLetterTasksTool = defineTool({
  operation: getDeadLetterTasks,
  title: "List dead letters",
  description: "Tasks that failed for good. See list_tasks with status dead_letter.",
  inputSchema: {
    type: "object",
    properties: {
      agent_type: { type: "string" },
      limit: { type: "integer" },
    },
  },
  annotations: READS,
  listedFor: [],
});
