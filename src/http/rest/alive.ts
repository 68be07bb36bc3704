/** `POST /v1/agents/{id}/alive`: for hooks of clients, which know who they are and nothing else. */
import { agentAlive } from "../../operations/agent-alive.ts";
import { serveTool, type ToolRequest } from "./tools.ts";

/** The body may be empty, or say the `instance`. */
export function serveAlive(
  call: Omit<ToolRequest, "operations" | "name"> & { readonly agent_id: string },
): Promise<Response> {
  const { agent_id, ...tool } = call;
  return serveTool({
    ...tool,
    operations: [agentAlive],
    name: agentAlive.name,
    known: { agent_id },
  });
}
