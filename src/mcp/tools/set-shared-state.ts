/** Writes the blackboard. Destructive: what a key held before is gone. */
import { AGENTS } from "../../domain/role.ts";
import { setSharedState } from "../../operations/set-shared-state.ts";
import { defineTool } from "../tool.ts";

export const setSharedStateTool = defineTool({
  operation: setSharedState,
  title: "Write shared state",
  description:
    "Write the blackboard. if_version (0: must not exist) refuses if it changed meanwhile.",
  inputSchema: {
    type: "object",
    properties: {
      key: {
        type: "string",
      },
      value: {
        type: "object",
      },
      if_version: {
        type: "integer",
      },
      ttl_seconds: {
        type: "integer",
      },
      run_id: {
        type: "string",
      },
      lease: {
        type: "string",
        description: "Renews it",
      },
    },
    required: ["key", "value"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
