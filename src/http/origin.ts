/**
 * Keeps web pages of other sites away, as the MCP transport demands: a page can make a browser call a server that only
 * the browser can reach, or rebind its own name to it. Programs send no Origin and pass.
 * https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
import { problemResponse } from "./problem.ts";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The 403 to answer with, or undefined if the request may pass. `allowedHosts`: see `Composition`. */
export function foreignRequest(
  request: Request,
  allowedHosts: readonly string[],
): Response | undefined {
  const host = new URL(request.url);
  if (allowedHosts.length > 0 && !allowedHosts.includes(host.hostname)) {
    return refused("This server does not answer under that host name. Use its own URL.");
  }
  const header = request.headers.get("origin");
  if (header === null) return undefined;
  const origin = URL.parse(header);
  const known =
    origin !== null &&
    (origin.host === host.host ||
      allowedHosts.includes(origin.hostname) ||
      (LOCAL.has(origin.hostname) && LOCAL.has(host.hostname)));
  return known
    ? undefined
    : refused(
        "Pages of another site may not call this server. Call it from a program, without an Origin header.",
      );
}

function refused(message: string): Response {
  return problemResponse({ status: 403, reason: "origin", message });
}
