/** What one MCP request is served with. There is no session beyond it: every request brings its key. */
import type { Caller } from "../operations/operation.ts";
import type { Services } from "../operations/services.ts";
import type { Tool } from "./tool.ts";

export interface Session {
  readonly tools: readonly Tool[];
  readonly services: Services;
  readonly caller: Caller;
  readonly request: Request;
}
