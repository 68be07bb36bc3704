// Serves the routes on a loopback socket: authorisation, body, JSON, and the one error boundary.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ApiError, notFound, overLimit } from "./api-error.ts";
import type { ApiReply, Route } from "./api-request.ts";
import type { HeaderBag } from "./header-bag.ts";
import { createRouter, type RouteMatch } from "./router.ts";

type HttpServer = { readonly port: number; stop(): Promise<void> };

/** More than any plan allows in one message, with room for a batch. */
const maxBodyBytes = 64 * 1024 * 1024;

export async function serve(options: {
  readonly port: number;
  readonly token: string;
  readonly routes: readonly Route[];
}): Promise<HttpServer> {
  const match = createRouter(options.routes);

  async function answer(request: IncomingMessage): Promise<ApiReply> {
    const target = authorizedTarget(request, options.token);
    const found = match(request.method ?? "GET", target);
    if (found === undefined) throw notFound(`no ${request.method} ${target.split("?")[0]} here`);
    return await found.route.handle(await readRequest(request, found));
  }

  const server = createServer((request, response) => {
    void answer(request)
      .catch(refusal)
      .then((reply) => send(response, reply));
  });
  await listen(server, options.port);
  return { port: portOf(server), stop: () => close(server) };
}

/** The request target without the token that may be in its query. */
function authorizedTarget(request: IncomingMessage, token: string): string {
  const target = request.url ?? "/";
  if (request.headers.authorization === `Bearer ${token}`) return target;
  const inQuery = /[?&]qstash_token=([^&]*)/.exec(target);
  if (inQuery === null || decodeURIComponent(inQuery[1] ?? "") !== token) {
    throw new ApiError(401, "unauthorized: the token is missing or wrong");
  }
  const before = target.slice(0, inQuery.index);
  const after = target.slice(inQuery.index + inQuery[0].length);
  return before + (inQuery[0].startsWith("?") ? after.replace(/^&/, "?") : after);
}

async function readRequest(request: IncomingMessage, found: RouteMatch) {
  return {
    headers: headersOf(request),
    body: await readBody(request),
    callerIp: request.socket.remoteAddress ?? "127.0.0.1",
    params: found.params,
    rest: found.rest,
    query: found.query,
  };
}

function headersOf(request: IncomingMessage): HeaderBag {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(request.headersDistinct))
    headers[name] = values ?? [];
  return headers;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > maxBodyBytes) throw overLimit(`request body exceeds ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Refusal = ApiReply & { readonly headers?: Readonly<Record<string, string>> };

/** Anything but an ApiError is a defect of ours: its text helps whoever runs the local stack. */
function refusal(error: unknown): Refusal {
  if (error instanceof ApiError) {
    return { status: error.status, json: { error: error.message }, headers: error.headers };
  }
  return { status: 500, json: { error: `local qstash failed: ${String(error)}` } };
}

function send(response: ServerResponse, reply: Refusal): void {
  if (reply.lost === true) {
    response.destroy();
    return;
  }
  const body = reply.json === undefined ? "" : JSON.stringify(reply.json);
  response.writeHead(reply.status ?? 200, { "Content-Type": "application/json", ...reply.headers });
  response.end(body);
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the server has no TCP port");
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
