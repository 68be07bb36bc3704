/** An MCP client of one test. */
import { onTestFinished } from "vitest";
import { connectMcpClient, type McpClientSetup } from "./mcp-clients.ts";

/** Closed when the test ends. */
export async function openMcpClient(setup: McpClientSetup) {
  const connected = await connectMcpClient(setup);
  onTestFinished(() => connected.client.close());
  return connected;
}
