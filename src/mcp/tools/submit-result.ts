/** Ends an attempt. Idempotent because a submit is keyed by its lease. */
import { AGENTS } from "../../domain/role.ts";
import { submitResult } from "../../operations/submit-result.ts";
import { defineTool } from "../tool.ts";

export const submitResultTool = defineTool({
  operation: submitResult,
  title: "Report on a task",
  description:
    "Report on a task. completed: result. failed: error. waiting: until the children you created end. needs_input: until the question is answered. released: not done, for another worker. After any of them you no longer hold it.",
  inputSchema: {
    type: "object",
    properties: {
      lease: {
        type: "string",
      },
      status: {
        type: "string",
        enum: ["completed", "failed", "waiting", "needs_input", "released"],
      },
      result: {
        type: "object",
        description: "What was done; otherwise notes for whoever continues",
      },
      error: {
        type: "object",
        properties: {
          message: {
            type: "string",
          },
          code: {
            type: "string",
          },
          category: {
            type: "string",
            enum: [
              "transient",
              "rate_limited",
              "timeout",
              "invalid_input",
              "dependency",
              "permission",
              "agent_error",
              "internal",
            ],
          },
          retry_after_seconds: {
            type: "integer",
          },
        },
        required: ["message"],
      },
      question: {
        type: "string",
      },
      poll_next: {
        type: "boolean",
        description: "Also claim the next task",
      },
      task_id: {
        type: "string",
      },
    },
    required: ["lease", "status"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
