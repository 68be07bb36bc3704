/** Shows who is there and holds what. */
import { listAgents } from "../../operations/list-agents.ts";
import { defineTool, READS } from "../tool.ts";

export const listAgentsTool = defineTool({
  operation: listAgents,
  title: "List agents",
  description: "Agents: what they hold, when last seen, circuit breakers.",
  inputSchema: {
    type: "object",
    properties: {
      status: {
        type: "string",
        enum: ["idle", "busy", "offline"],
      },
    },
  },
  annotations: READS,
  listedFor: ["viewer", "orchestrator", "admin"],
});
