/** What to paste into each MCP client so that it talks to a given Baton. */

export interface ClientConfig {
  readonly client: string;
  /** What to do with `text`: run it, or the file it belongs to. */
  readonly where: string;
  readonly text: string;
}

/** The forms are those of each client's own documentation for a server over HTTP with a bearer key. */
export function clientConfigs({
  mcpUrl,
  key,
}: {
  readonly mcpUrl: string;
  readonly key: string;
}): ClientConfig[] {
  const headers = { Authorization: `Bearer ${key}` };
  return [
    {
      client: "Claude Code",
      where: "run",
      text: `claude mcp add --transport http baton ${mcpUrl} --header "Authorization: Bearer ${key}"`,
    },
    {
      client: "Codex",
      where: "run",
      text: `export BATON_KEY=${key}\ncodex mcp add baton --url ${mcpUrl} --bearer-token-env-var BATON_KEY`,
    },
    {
      client: "Gemini CLI",
      where: "run",
      text: `gemini mcp add --transport http --header "Authorization: Bearer ${key}" baton ${mcpUrl}`,
    },
    {
      client: "Cursor",
      where: ".cursor/mcp.json",
      text: JSON.stringify({ mcpServers: { baton: { url: mcpUrl, headers } } }),
    },
    {
      client: "VS Code",
      where: ".vscode/mcp.json",
      text: JSON.stringify({ servers: { baton: { type: "http", url: mcpUrl, headers } } }),
    },
  ];
}
