/**
 * The MCP server of one request, with what this key may see.
 *
 * The SDK's low-level `Server`, for three reasons: `McpServer` checks arguments against the advertised schema before
 * our own reading of them, which accepts more; it lists every tool that it serves, to everybody; and it costs twice the
 * CPU, since it registers each tool anew for every request.
 */
import {
  type CacheHint,
  type McpRequestContext,
  preloadSchemas,
  Server,
} from "@modelcontextprotocol/server";
import { callTool } from "./call-tool.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { getPrompt, listPrompts } from "./prompt.ts";
import { PROMPTS } from "./prompts/index.ts";
import { listResources, listResourceTemplates, readResource } from "./resources.ts";
import { DefaultJsonSchemaValidator } from "./sdk-shims.ts";
import type { Session } from "./session.ts";
import type { Tool } from "./tool.ts";

/** Must be that of package.json. */
export const SERVER_INFO = { name: "baton", title: "Baton", version: "0.1.0" };

/** Lists differ by key, so no cache may share them; they change only with a deployment. */
const LIST: CacheHint = { ttlMs: 300_000, cacheScope: "private" };
const LIVE: CacheHint = { ttlMs: 0, cacheScope: "private" };

// While the Worker starts, rather than in somebody's first request.
preloadSchemas();

/** One for all requests: a server that is given none makes its own. */
const validator = new DefaultJsonSchemaValidator();

export function buildServer(session: Session, { era }: Pick<McpRequestContext, "era">): Server {
  const server = new Server(SERVER_INFO, {
    // No `listChanged`: lists change with a deployment alone. `subscribe` means `subscriptions/listen` in the newer era; in
    // that of 2025 it would need a session, and clients that see it call it at once.
    capabilities: {
      tools: {},
      prompts: {},
      resources: era === "modern" ? { subscribe: true } : {},
    },
    instructions: INSTRUCTIONS,
    jsonSchemaValidator: validator,
    cacheHints: {
      "server/discover": LIST,
      "tools/list": LIST,
      "prompts/list": LIST,
      "resources/list": LIST,
      "resources/templates/list": LIST,
      "resources/read": LIVE,
    },
  });
  server.setRequestHandler("tools/list", () => ({ tools: listTools(session) }));
  server.setRequestHandler("tools/call", ({ params }, context) =>
    callTool(session, { params, context }),
  );
  server.setRequestHandler("prompts/list", () => ({ prompts: listPrompts(PROMPTS) }));
  server.setRequestHandler("prompts/get", ({ params }) => getPrompt(PROMPTS, params));
  server.setRequestHandler("resources/list", () => ({ resources: listResources() }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: listResourceTemplates(),
  }));
  server.setRequestHandler("resources/read", ({ params }, context) =>
    readResource(session, { uri: params.uri, context }),
  );
  return server;
}

function listTools({ tools, caller }: Session) {
  return tools.filter(({ listedFor }) => listedFor.includes(caller.role)).map(advertised);
}

/** A tool as clients see it, in the order in which models read it. */
function advertised(tool: Tool) {
  const { operation, title, description, inputSchema, outputSchema, annotations } = tool;
  return { name: operation.name, title, description, inputSchema, outputSchema, annotations };
}
