/** Mounts the skins behind their guards, and is where every unexpected exception ends. */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { authenticated } from "./http/auth.ts";
import { readBody } from "./http/body.ts";
import { serveCallback } from "./http/callbacks/serve.ts";
import { serveReadiness } from "./http/health.ts";
import { foreignRequest } from "./http/origin.ts";
import { faultResponse, problemResponse } from "./http/problem.ts";
import { serveEvents } from "./http/events/serve.ts";
import { serveAlive } from "./http/rest/alive.ts";
import { methodsByPath, REST_ROUTES } from "./http/rest/routes.ts";
import { serveTool } from "./http/rest/tools.ts";
import { noSuchRoute, wrongMethod } from "./http/routes.ts";
import { serveMcp } from "./mcp/serve-mcp.ts";
import type { Tool } from "./mcp/tool.ts";
import { recordFault } from "./observability/fault.ts";
import type { Composition } from "./operations/composition.ts";
import type { Caller, Operation } from "./operations/operation.ts";

export interface AppParts<Environment extends object> {
  /** Called once for each request. `background` lets work go on after the reply. */
  readonly compose: (
    environment: Environment,
    background: (work: Promise<void>) => void,
  ) => Composition;
  readonly operations: readonly Operation[];
  readonly tools: readonly Tool[];
}

/** The whole server as a Hono app, with its smallest router: a dozen routes need no compiled matcher. */
export function createApp<Environment extends object>(parts: AppParts<Environment>) {
  const { compose, operations, tools } = parts;
  const app = new Hono<Served<Environment>>();

  app.get("/healthz", (c) => c.json({ status: "alive" }));

  app.use(async (c, next) => {
    const composition = compose(c.env, (work) => keepAlive(c, work));
    const foreign = foreignRequest(c.req.raw, composition.allowedHosts);
    if (foreign) return foreign;
    c.set("composition", composition);
    return next();
  });

  app.get("/readyz", (c) => serveReadiness(c.get("composition")));

  app.post("/qstash/:name", async (c) => {
    const { timers } = c.get("composition");
    if (!timers) return noTimers();
    const { raw } = c.req;
    return (
      (await serveCallback(timers, { name: c.req.param("name"), request: raw })) ?? c.notFound()
    );
  });

  app.post("/v1/tools/:name", async (c) => {
    const entry = await admit(c, keyOwner);
    if (entry instanceof Response) return entry;
    return serveTool({ ...entry, operations, name: c.req.param("name") });
  });

  app.post("/v1/agents/:id/alive", async (c) => {
    const entry = await admit(c, keyOwner);
    if (entry instanceof Response) return entry;
    return serveAlive({ ...entry, agent_id: c.req.param("id") });
  });

  for (const { method, path, operation } of REST_ROUTES) {
    app.on(method, path, async (c) => {
      const entry = await admit(c, keyOwner);
      if (entry instanceof Response) return entry;
      const known = { ...c.req.query(), ...c.req.param() };
      return serveTool({ ...entry, operations: [operation], name: operation.name, known });
    });
  }

  app.get("/v1/events", async (c) => {
    const caller = await keyOwner(c);
    if (caller instanceof Response) return caller;
    const { services } = c.get("composition");
    return serveEvents({ services, caller, request: c.req.raw });
  });

  app.all("/mcp", async (c) => {
    const entry = await admit(c, keyOwner);
    return entry instanceof Response ? entry : serveMcp({ ...entry, tools }, entry.text);
  });

  app.all("/mcp-open", async (c) => {
    const entry = await admit(c, async () => c.get("composition").openMcp ?? c.notFound());
    return entry instanceof Response ? entry : serveMcp({ ...entry, tools }, entry.text);
  });

  for (const path of ["/healthz", "/readyz", "/v1/events"]) app.all(path, () => wrongMethod("GET"));
  for (const path of ["/v1/tools/:name", "/v1/agents/:id/alive", "/qstash/:name"]) {
    app.all(path, () => wrongMethod("POST"));
  }

  for (const [path, allow] of methodsByPath(REST_ROUTES)) app.all(path, () => wrongMethod(allow));

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

/** Outside a Worker nothing ends what goes on after a reply. */
function keepAlive(c: Pick<Context, "executionCtx">, work: Promise<void>): void {
  let context: Pick<ExecutionContext, "waitUntil"> | undefined;
  try {
    context = c.executionCtx;
  } catch {
    return;
  }
  context.waitUntil(work);
}

function noTimers(): Response {
  return problemResponse({
    status: 503,
    reason: "unavailable",
    message:
      "This server does not know its own URL, so it cannot tell QStash's calls from others: set BATON_URL.",
  });
}

function keyOwner<Environment extends object>(
  c: Context<Served<Environment>>,
): Promise<Caller | Response> {
  const { authenticate } = c.get("composition");
  return authenticated({ authenticate, request: c.req.raw });
}
