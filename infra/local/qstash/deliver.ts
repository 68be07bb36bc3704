// Makes one HTTP call to an endpoint and says what came of it.

import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { canonicalName } from "./header-bag.ts";

export type Answer = {
  readonly kind: "answered";
  readonly status: number;
  /** Names spelt canonically. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
};

export type DeliveryResult =
  | Answer
  | { readonly kind: "timed-out"; readonly error: string }
  | { readonly kind: "unreachable"; readonly error: string };

type DeliveryRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
  /** More of the answer than this is cut off. */
  readonly maxResponseBytes: number;
  /** Aborting means that the endpoint took too long. */
  readonly signal: AbortSignal;
};

/** Never rejects. Redirects are not followed: only 2xx is a success. */
export async function deliver(call: DeliveryRequest): Promise<DeliveryResult> {
  try {
    const response = await send(call);
    const body = await readBody(response, call.maxResponseBytes);
    return {
      kind: "answered",
      status: response.statusCode ?? 0,
      headers: canonicalHeaders(response),
      body,
    };
  } catch (error) {
    if (call.signal.aborted) return { kind: "timed-out", error: "request timed out" };
    return { kind: "unreachable", error: error instanceof Error ? error.message : String(error) };
  }
}

export function isSuccess(result: DeliveryResult): boolean {
  return result.kind === "answered" && result.status >= 200 && result.status < 300;
}

/** 489 with the header that goes with it: trying again is of no use (docs: QStash, Retry). */
export function isNonRetryable(result: DeliveryResult): boolean {
  if (result.kind !== "answered" || result.status !== 489) return false;
  return result.headers["Upstash-Nonretryable-Error"]?.[0]?.toLowerCase() === "true";
}

async function send(call: DeliveryRequest): Promise<IncomingMessage> {
  // A connection of its own for each call: a kept one may be closed by the endpoint meanwhile, which
  // would look like a failed delivery.
  const options = {
    method: call.method,
    agent: false as const,
    signal: call.signal,
    headers: { ...mutable(call.headers), "Content-Length": String(call.body.length) },
  };
  return await new Promise((resolve, reject) => {
    const request = call.url.startsWith("https:")
      ? httpsRequest(call.url, options)
      : httpRequest(call.url, options);
    request.once("response", resolve);
    // Kept for the whole life of the request: an abort may report twice.
    request.on("error", reject);
    request.end(call.body);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  }
  return Buffer.concat(chunks);
}

function canonicalHeaders(response: IncomingMessage): Record<string, readonly string[]> {
  const headers: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    headers[canonicalName(name)] = values ?? [];
  }
  return headers;
}

function mutable(headers: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));
}
