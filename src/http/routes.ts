/** What is answered where no route fits: an unknown path, or a known one with another method. */
import { problemResponse } from "./problem.ts";

export function noSuchRoute(method: string, path: string): Response {
  return problemResponse({
    status: 404,
    reason: "no_such_route",
    message: `Nothing is served at ${method} ${path.slice(0, 60)}. Agents use POST /mcp, programs POST /v1/tools/<name>.`,
  });
}

export function wrongMethod(allow: string): Response {
  return problemResponse({
    status: 405,
    reason: "method",
    message: `Use ${allow} here.`,
    headers: { allow },
  });
}
