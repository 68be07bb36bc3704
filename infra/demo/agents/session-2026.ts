/** A session with the current MCP SDK, which negotiates the protocol of 2026-07-28. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { McpSession, SessionSetup } from "./mcp-session.ts";

export async function openSession2026({
  agent_id,
  mcp_url,
  key,
}: SessionSetup): Promise<McpSession> {
  const client = new Client(
    { name: agent_id, version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(mcp_url), {
      requestInit: { headers: { Authorization: `Bearer ${key}` } },
    }),
  );
  return {
    protocol: client.getNegotiatedProtocolVersion() ?? "unknown",
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args) => client.callTool({ name, arguments: args }),
  };
}
