/** A session with the first generation of the MCP SDK, which speaks the protocol of 2025-11-25: most clients today. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { McpSession, SessionSetup } from "./mcp-session.ts";

export async function openSession2025({
  agent_id,
  mcp_url,
  key,
}: SessionSetup): Promise<McpSession> {
  const client = new Client({ name: agent_id, version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(mcp_url), {
    requestInit: { headers: { Authorization: `Bearer ${key}` } },
  });
  await client.connect(transport);
  return {
    protocol: transport.protocolVersion ?? "unknown",
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args) => client.callTool({ name, arguments: args }),
  };
}
