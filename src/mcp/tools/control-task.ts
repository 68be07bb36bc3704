/** Steers tasks: for orchestrators and people. */
import { ORCHESTRATORS } from "../../domain/role.ts";
import { controlTask } from "../../operations/control-task.ts";
import { defineTool } from "../tool.ts";

export const controlTaskTool = defineTool({
  operation: controlTask,
  title: "Steer tasks",
  description:
    "cancel tasks or a run; retry or discard dead letters; answer a question; message a worker; promote_late_result; set_priority.",
  inputSchema: {
    type: "object",
    properties: {
      action: {
        type: "string",
        enum: [
          "cancel",
          "retry",
          "discard",
          "answer",
          "message",
          "promote_late_result",
          "set_priority",
        ],
      },
      task_ids: { type: "array", items: { type: "string" } },
      run_id: { type: "string" },
      error_code: { type: "string", description: "retry, discard: all dead letters with it" },
      text: { type: "string", description: "The answer, message or note" },
      changes: {
        type: "object",
        description: "retry: new task_description, context or options; set_priority: priority",
      },
    },
    required: ["action"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: false,
  },
  listedFor: ORCHESTRATORS,
});
