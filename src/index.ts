/** The Worker: environment in, app out. */
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
import { TOOLS } from "./mcp/tools/index.ts";
import { OPERATIONS } from "./operations/registry.ts";

// The one default export: Workers ask for it.
export default createApp<Env>({ compose, operations: OPERATIONS, tools: TOOLS });
