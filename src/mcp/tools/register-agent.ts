/** Announces an agent. Served for agents of an earlier server, and on nobody's list: poll_tasks does it. */
import { registerAgent } from "../../operations/register-agent.ts";
import { defineTool } from "../tool.ts";

export const registerAgentTool = defineTool({
  operation: registerAgent,
  title: "Register an agent",
  description: "Announce yourself. Not needed: poll_tasks does it.",
  inputSchema: {
    type: "object",
    properties: {
      agent_id: { type: "string" },
      agent_type: { type: "string" },
      capabilities: { type: "array", items: { type: "string" } },
    },
    required: ["agent_id", "agent_type"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: [],
});
