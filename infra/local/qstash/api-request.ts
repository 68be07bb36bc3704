// What a route is given and what it gives back.

import { badRequest } from "./api-error.ts";
import type { HeaderBag } from "./header-bag.ts";
import { isRecord } from "./is-record.ts";

export type ApiRequest = {
  readonly headers: HeaderBag;
  readonly body: Uint8Array;
  readonly callerIp: string;
  /** The named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** What the path ends with, exactly as sent, its query string included. */
  readonly rest: string;
  /** Empty for a route that takes the rest of the path. */
  readonly query: URLSearchParams;
};

export type ApiReply = {
  readonly status?: number;
  /** Sent as JSON; nothing is sent for undefined. */
  readonly json?: unknown;
  /** The connection is cut in place of an answer. */
  readonly lost?: true;
};

export type Route = {
  readonly method: string;
  /** Like `/v2/messages/:id`; a `*` at the end takes the rest of the path. */
  readonly path: string;
  handle(request: ApiRequest): ApiReply | Promise<ApiReply>;
};

/** Throws ApiError 400 unless the body is JSON of an object. */
export function readJsonObject(request: ApiRequest): Record<string, unknown> {
  const value = readJson(request);
  if (!isRecord(value)) throw badRequest("the body must be a JSON object");
  return value;
}

/** Throws ApiError 400 unless the body is JSON. */
export function readJson(request: ApiRequest): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(request.body).toString());
    return value;
  } catch {
    throw badRequest("the body must be JSON");
  }
}
