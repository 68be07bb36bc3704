/** Reads the blackboard. */
import { EVERYBODY } from "../../domain/role.ts";
import { getSharedState } from "../../operations/get-shared-state.ts";
import { defineTool, READS } from "../tool.ts";

export const getSharedStateTool = defineTool({
  operation: getSharedState,
  title: "Read shared state",
  description: "Read the blackboard: one key, or all with a prefix.",
  inputSchema: {
    type: "object",
    properties: {
      key: {
        type: "string",
      },
      prefix: {
        type: "string",
      },
      run_id: {
        type: "string",
        description: "Default: project-wide",
      },
      lease: {
        type: "string",
        description: "Renews it",
      },
    },
  },
  annotations: READS,
  listedFor: EVERYBODY,
});
