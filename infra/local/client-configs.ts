/** What to paste into each MCP client so that it talks to a given Baton. */
import { LIMITS } from "../../src/domain/limits.ts";

export interface ClientConfig {
  readonly client: string;
  /** What to do with `text`: run it, or the file it belongs to. */
  readonly where: string;
  readonly text: string;
}

const MAX_WAIT_SECONDS = LIMITS.wait_seconds_cap_known;
/** How long a client then waits for an answer: that, and time for the answer. */
const TIMEOUT_SECONDS = MAX_WAIT_SECONDS + 60;

/**
 * The forms are those of each client's own documentation for a server over HTTP with a bearer key. Where its time-out can be
 * raised in the same place, it is, and the header says so; the others are not asked to wait longer than they do anyway.
 */
export function clientConfigs({
  mcpUrl,
  key,
}: {
  readonly mcpUrl: string;
  readonly key: string;
}): ClientConfig[] {
  const authorization = { Authorization: `Bearer ${key}` };
  const patient = { ...authorization, "Baton-Max-Wait": String(MAX_WAIT_SECONDS) };
  const timeout = TIMEOUT_SECONDS * 1000;
  return [
    {
      client: "Claude Code",
      where: "run",
      text: `claude mcp add-json baton '${JSON.stringify({ type: "http", url: mcpUrl, headers: patient, timeout })}'`,
    },
    {
      client: "Codex",
      where: "~/.codex/config.toml",
      text: [
        "[mcp_servers.baton]",
        `url = "${mcpUrl}"`,
        `http_headers = { ${Object.entries(patient)
          .map(([name, value]) => `"${name}" = "${value}"`)
          .join(", ")} }`,
        `tool_timeout_sec = ${TIMEOUT_SECONDS}`,
      ].join("\n"),
    },
    {
      client: "Gemini CLI",
      where: ".gemini/settings.json",
      text: JSON.stringify({
        mcpServers: { baton: { type: "http", url: mcpUrl, headers: patient, timeout } },
      }),
    },
    {
      client: "Cursor",
      where: ".cursor/mcp.json",
      text: JSON.stringify({ mcpServers: { baton: { url: mcpUrl, headers: authorization } } }),
    },
    {
      client: "VS Code",
      where: ".vscode/mcp.json",
      text: JSON.stringify({
        servers: { baton: { type: "http", url: mcpUrl, headers: authorization } },
      }),
    },
  ];
}
