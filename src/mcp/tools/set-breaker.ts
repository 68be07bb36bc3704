/** Forces a circuit breaker. Served, and on nobody's list: people use REST. */
import { setBreaker } from "../../operations/set-breaker.ts";
import { defineTool } from "../tool.ts";

export const setBreakerTool = defineTool({
  operation: setBreaker,
  title: "Force a circuit breaker",
  description: "Hold a circuit breaker open or closed, or let it go (auto).",
  inputSchema: {
    type: "object",
    properties: {
      agent_type: { type: "string" },
      agent_id: { type: "string" },
      state: { type: "string", enum: ["open", "closed", "auto"] },
    },
    required: ["state"],
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: [],
});
