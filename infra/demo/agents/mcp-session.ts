/** What the demo uses of an MCP client, whichever SDK is behind it. */
import type { AgentSetup } from "./messages.ts";

export interface McpSession {
  /** The version of MCP that client and server agreed on. */
  readonly protocol: string;
  readonly toolNames: () => Promise<string[]>;
  readonly call: (tool: string, args: Record<string, unknown>) => Promise<unknown>;
}

/** Who opens a session, where and with which key. The agent's id is the client name that the server sees. */
export type SessionSetup = Pick<AgentSetup, "agent_id" | "mcp_url" | "key">;
