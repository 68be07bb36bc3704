/** The whole server in this process, over one project of a test; the key `btn_test_<role>` opens it. */
import { createApp } from "../../src/app.ts";
import { TOOLS } from "../../src/mcp/tools/index.ts";
import { OPERATIONS } from "../../src/operations/registry.ts";
import { ROLES } from "../../src/domain/role.ts";
import type { Project } from "./project.ts";

export const APP_URL = "http://localhost/mcp";

function projectApp({ name, store, schedules }: Project) {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const callers = new Map(
    ROLES.map((role) => [`btn_test_${role}`, { project: name, key_id: `test-${role}`, role }]),
  );
  return createApp<object>({
    compose: () => ({
      services: { store, schedules, random },
      authenticate: async (key) => callers.get(key),
      allowedHosts: [],
      openMcp: undefined,
    }),
    operations: OPERATIONS,
    tools: TOOLS,
  });
}

/** In place of a client's own `fetch`. */
export function fetchOf(project: Project) {
  const app = projectApp(project);
  return async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    app.fetch(new Request(input, init));
}
