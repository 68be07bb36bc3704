/** Mounts the skins behind their guards, and is where every unexpected exception ends. */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { authenticated } from "./http/auth.ts";
import { readBody } from "./http/body.ts";
import { serveReadiness } from "./http/health.ts";
import { foreignRequest } from "./http/origin.ts";
import { faultResponse } from "./http/problem.ts";
import { serveTool } from "./http/rest/tools.ts";
import { noSuchRoute, wrongMethod } from "./http/routes.ts";
import { serveMcp } from "./mcp/serve-mcp.ts";
import type { Tool } from "./mcp/tool.ts";
import { recordFault } from "./observability/fault.ts";
import type { Composition } from "./operations/composition.ts";
import type { Caller, Operation } from "./operations/operation.ts";

export interface AppParts<Environment extends object> {
  /** Called once for each request. */
  readonly compose: (environment: Environment) => Composition;
  readonly operations: readonly Operation[];
  readonly tools: readonly Tool[];
}

/** The whole server as a Hono app, with its smallest router: a dozen routes need no compiled matcher. */
export function createApp<Environment extends object>(parts: AppParts<Environment>) {
  const { compose, operations, tools } = parts;
  const app = new Hono<Served<Environment>>();

  app.get("/healthz", (c) => c.json({ status: "alive" }));

  app.use(async (c, next) => {
    const composition = compose(c.env);
    const foreign = foreignRequest(c.req.raw, composition.allowedHosts);
    if (foreign) return foreign;
    c.set("composition", composition);
    return next();
  });

  app.get("/readyz", (c) => serveReadiness(c.get("composition").services));

  app.post("/v1/tools/:name", async (c) => {
    const entry = await admit(c, keyOwner);
    if (entry instanceof Response) return entry;
    return serveTool({ ...entry, operations, name: c.req.param("name") });
  });

  app.all("/mcp", async (c) => {
    const entry = await admit(c, keyOwner);
    return entry instanceof Response ? entry : serveMcp({ ...entry, tools }, entry.text);
  });

  app.all("/mcp-open", async (c) => {
    const entry = await admit(c, async () => c.get("composition").openMcp ?? c.notFound());
    return entry instanceof Response ? entry : serveMcp({ ...entry, tools }, entry.text);
  });

  for (const path of ["/healthz", "/readyz"]) app.all(path, () => wrongMethod("GET"));
  app.all("/v1/tools/:name", () => wrongMethod("POST"));

  app.notFound((c) => noSuchRoute(c.req.method, c.req.path));
  app.onError((error) => faultResponse(recordFault(error)));
  return app;
}

type Served<Environment extends object> = {
  Bindings: Environment;
  Variables: { composition: Composition };
};

type Identify<Environment extends object> = (
  c: Context<Served<Environment>>,
) => Promise<Caller | Response>;

/** First who it is, then what they say: nobody without a key makes us read a body. */
async function admit<Environment extends object>(
  c: Context<Served<Environment>>,
  identify: Identify<Environment>,
) {
  const request = c.req.raw;
  const caller = await identify(c);
  if (caller instanceof Response) return caller;
  const body = await readBody(request);
  if ("refused" in body) return body.refused;
  return { caller, request, text: body.text, services: c.get("composition").services };
}

function keyOwner<Environment extends object>(
  c: Context<Served<Environment>>,
): Promise<Caller | Response> {
  const { authenticate } = c.get("composition");
  return authenticated({ authenticate, request: c.req.raw });
}
