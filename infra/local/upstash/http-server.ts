// The HTTP side of the front: routes, tokens, faults and response headers.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { accessOf, forbidden, UNAUTHORIZED, type Access, type Tokens } from "./access.ts";
import {
  errorAnswer,
  executionAnswer,
  formatOf,
  transactionAnswer,
  type Answer,
} from "./answer.ts";
import { readBody } from "./body.ts";
import { control, type ControlParts } from "./control.ts";
import type { Executor } from "./execute.ts";
import type { FaultState } from "./faults.ts";
import { requestTooLarge, type Limits } from "./limits.ts";
import { listen } from "./listen.ts";
import type { ReplyFormat } from "./reply.ts";
import { parseRequest, type Command, type ParsedRequest } from "./request.ts";

export type HttpServerParts = ControlParts & {
  port: number;
  tokens: Tokens;
  limits: Limits;
  executor: Executor;
};

export type RunningHttpServer = { url: string; stop: () => Promise<void> };

type Runnable = Extract<ParsedRequest, { kind: "single" | "pipeline" | "transaction" }>;

const METHODS = new Set(["HEAD", "GET", "POST", "PUT"]);

/** Listens on 127.0.0.1. Connections are kept alive until `stop`. */
export async function startHttpServer(parts: HttpServerParts): Promise<RunningHttpServer> {
  const { tokens, executor, billing, faults, scripts, streams } = parts;
  const maxBytes = parts.limits.maxRequestBytes;
  let answers = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    if (!METHODS.has(method)) return send(response, { status: 405, body: "" });
    const { path, query } = splitUrl(request.url ?? "/");
    const access = accessOf(tokens, { authorization: request.headers.authorization, query });
    const body =
      method === "POST" || method === "PUT"
        ? await readBody(request, maxBytes)
        : { bytes: NO_BODY, size: 0 };
    if (access === undefined) return send(response, errorAnswer(UNAUTHORIZED, 401));
    if (path === "/__control") return send(response, controlAnswer(access, body.bytes, parts));
    billing.countRequest();
    if (body.bytes === undefined) {
      return send(response, errorAnswer(requestTooLarge(maxBytes, body.size)));
    }
    const format = formatOf(request.headers);
    if (typeof format !== "string") return send(response, errorAnswer(format.error));
    const parsed = parseRequest({ path, query, body: body.bytes });
    const struck = faults.strikeRequest({
      names: namesIn(parsed),
      text: () => `${path} ${body.bytes?.toString() ?? ""}`,
    });
    const hasAnswered = struck.length > 0 && (await suffer(struck, request, response));
    if (hasAnswered) return;
    if (parsed.kind === "malformed") return send(response, errorAnswer(parsed.error));
    if (parsed.kind === "stream") {
      const refusal = forbidden(access, parsed.command.toUpperCase());
      if (refusal !== undefined) return send(response, errorAnswer(refusal));
      billing.countCommand({ command: parsed.command.toUpperCase() });
      return streams.serve(parsed, response);
    }
    let answer = await run(parsed, access, format);
    if (struck.some(({ kind }) => kind === "duplicate")) answer = await run(parsed, access, format);
    if (struck.some(({ kind }) => kind === "drop-reply")) request.socket.destroy();
    else send(response, answer, format);
  }

  /** What happens to a request before it is executed; true if that was the end of it. */
  async function suffer(
    struck: readonly FaultState[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    for (const { kind, delayMs = 0, status = 500, body = "" } of struck) {
      if (kind === "delay") await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (kind === "cold-scripts") scripts.forget();
      if (kind === "drop-request") {
        request.socket.destroy();
        return true;
      }
      if (kind === "answer") {
        send(response, { status, body });
        return true;
      }
    }
    return false;
  }

  async function run(parsed: Runnable, access: Access, format: ReplyFormat): Promise<Answer> {
    if (parsed.kind === "transaction") {
      return transactionAnswer(await executor.transaction(parsed.commands, access), {
        format,
        maxBytes,
      });
    }
    const execution = await (parsed.kind === "single"
      ? executor.single(parsed.command, access)
      : executor.pipeline(parsed.commands, access));
    return executionAnswer(execution, { format, maxBytes, isSingle: parsed.kind === "single" });
  }

  function send(response: ServerResponse, answer: Answer, format: ReplyFormat = "json"): void {
    response.writeHead(answer.status, {
      "content-type": format === "resp2" ? "application/octet-stream" : "application/json",
      "content-length": Buffer.byteLength(answer.body),
      "upstash-sync-token": (answers++).toString(32),
      "x-billed-commands": answer.billed ?? 0,
    });
    response.end(answer.body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, errorAnswer(`ERR ${messageOf(error)}`, 500));
    });
  });
  // A connection closed while idle would meet the next request half-way: clients could not tell whether it ran.
  server.keepAliveTimeout = 0;
  const port = await listen(server, parts.port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NO_BODY = Buffer.alloc(0);

function splitUrl(url: string): { path: string; query: URLSearchParams | undefined } {
  const mark = url.indexOf("?");
  if (mark < 0) return { path: url, query: undefined };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark)) };
}

function namesIn(parsed: ParsedRequest): readonly string[] {
  switch (parsed.kind) {
    case "single":
      return [parsed.command.name];
    case "pipeline":
    case "transaction":
      return parsed.commands.map(({ name }: Command) => name);
    case "stream":
      return [parsed.command];
    case "malformed":
      return [];
  }
}

function controlAnswer(access: Access, body: Buffer | undefined, parts: ControlParts): Answer {
  if (access !== "full") return errorAnswer("ERR /__control needs the standard token", 403);
  try {
    return { status: 200, body: JSON.stringify(control(body ?? NO_BODY, parts)) };
  } catch (error) {
    return errorAnswer(messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
