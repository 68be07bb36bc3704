/** Keeps a lease. */
import { AGENTS } from "../../domain/role.ts";
import { heartbeat } from "../../operations/heartbeat.ts";
import { defineTool } from "../tool.ts";

export const heartbeatTool = defineTool({
  operation: heartbeat,
  title: "Renew a lease",
  description: "Renew your lease, say where you are, hear of cancellation.",
  inputSchema: {
    type: "object",
    properties: {
      lease: {
        type: "string",
      },
      progress: {
        type: "integer",
        description: "Percent",
      },
      message: {
        type: "string",
        description: "The next worker sees it if you stop",
      },
    },
    required: ["lease"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: AGENTS,
});
