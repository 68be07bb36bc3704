/** The two generations of the MCP SDK as clients of a running Worker, told apart only by the era they speak. */
import {
  Client as Client2026,
  StreamableHTTPClientTransport as Http2026,
} from "@modelcontextprotocol/client";
import { Client as Client2025 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http2025 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";

export const ERAS = ["2025-11-25", "2026-07-28"] as const;
export type Era = (typeof ERAS)[number];

export interface McpClientSetup {
  readonly era: Era;
  readonly url: string;
  readonly key: string;
  /** Sent with each request, besides the key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the platform's, to watch what goes over the wire. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly onprogress?: (report: { readonly progress: number }) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds after which the client gives up; one minute where absent. */
  readonly timeout?: number;
}

/** A tool's answer: the structured content, and beside it the text that a model reads. */
export interface Answer {
  readonly isError: boolean;
  readonly content: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Connects and lists the tools. From then on both SDKs hold each answer to the output schema that its tool declares, and
 * throw if it does not fit.
 */
export async function connectMcpClient(setup: McpClientSetup) {
  const sdk = await (setup.era === "2025-11-25" ? connect2025(setup) : connect2026(setup));
  const { tools } = await sdk.client.listTools();
  return {
    ...sdk,
    tools,
    call: async (name: string, args: object, options: CallOptions = {}): Promise<Answer> =>
      answerOf(await sdk.callTool({ name, arguments: { ...args } }, options)),
  };
}

/** As most installed clients do today. */
async function connect2025(setup: McpClientSetup) {
  const client = new Client2025({ name: "test-2025", version: "1.0.0" });
  const transport = new Http2025(new URL(setup.url), transportOptions(setup));
  await client.connect(transport);
  return {
    client,
    version: transport.protocolVersion,
    callTool: (params: ToolCall, options: CallOptions): Promise<unknown> =>
      client.callTool(params, undefined, options),
  };
}

/** The SDK's default is the older protocol: `auto` asks for the newer. */
async function connect2026(setup: McpClientSetup) {
  const client = new Client2026(
    { name: "test-2026", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(new Http2026(new URL(setup.url), transportOptions(setup)));
  return {
    client,
    version: client.getNegotiatedProtocolVersion(),
    callTool: (params: ToolCall, options: CallOptions): Promise<unknown> =>
      client.callTool(params, options),
  };
}

interface ToolCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

function transportOptions({ key, headers, fetch }: McpClientSetup) {
  return {
    requestInit: { headers: { ...headers, Authorization: `Bearer ${key}` } },
    ...(fetch && { fetch: (url: string | URL, init?: RequestInit) => fetch(url, init) }),
  };
}

const toolResult = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()),
  content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]),
});

function answerOf(result: unknown): Answer {
  const { isError = false, structuredContent, content } = toolResult.parse(result);
  return { isError, content: structuredContent, text: content[0].text };
}
