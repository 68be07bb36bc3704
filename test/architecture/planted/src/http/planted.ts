import "../mcp/server.ts";
