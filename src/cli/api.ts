/** The server as a command sees it: tools, and what is administered, over REST. */
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import type { Reason, Result } from "../domain/refusal.ts";
import type { Connection } from "./connection.ts";

export type Body = Readonly<Record<string, unknown>>;

/** The server did not answer, or not as a Baton would. Whether the call had an effect is not known. */
export class Unreachable extends Error {}

/** The address can never answer: trying again does not help. */
export class WrongAddress extends Error {}

export interface CallOptions {
  /** How often to try; more than once only for what may arrive twice. */
  readonly tries?: number;
  /** Longer than a moment when the server is asked to wait. */
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
}

export interface Api {
  readonly url: string;
  /** A refusal is a value; throws `Unreachable` when there is no answer. */
  readonly call: (tool: string, args: Body, options?: CallOptions) => Promise<Result<Body>>;
  /** The same for an address that is no tool, such as /v1/schedules. */
  readonly send: (method: "GET" | "DELETE", path: string) => Promise<Result<Body>>;
}

const TIMEOUT_MS = 30_000;
const FIRST_PAUSE_MS = 250;

export function createApi(connection: Connection): Api {
  const call: Api["call"] = async (tool, args, { tries = 1, ...options } = {}) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const path = `/v1/tools/${tool}`;
        return await callOnce(connection, { method: "POST", path, args, ...options });
      } catch (error) {
        if (!(error instanceof Unreachable) || attempt >= tries) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** attempt, undefined, { signal: options.signal });
      }
    }
  };
  return {
    url: connection.url,
    call,
    send: (method, path) => callOnce(connection, { method, path }),
  };
}

interface OneCall extends Omit<CallOptions, "tries"> {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly args?: Body;
}

async function callOnce(
  { url, key }: Connection,
  { method, path, args, timeout_ms = TIMEOUT_MS, signal }: OneCall,
): Promise<Result<Body>> {
  const timeout = AbortSignal.timeout(timeout_ms);
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(args && { "content-type": "application/json" }),
      },
      ...(args && { body: JSON.stringify(args) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    const cause = causeOf(error);
    if (cause === BAD_PORT) throw wrongPort(url);
    throw new Unreachable(`Cannot reach ${url}: ${cause}.`);
  }
  const body = object.safeParse(jsonOf(text));
  const refused = body.success && "reason" in body.data;
  if (!body.success || (!refused && status !== 200)) {
    throw new Unreachable(`What answers at ${url} is no Baton (HTTP ${status}).`);
  }
  if (!refused) return { ok: true, value: body.data };
  const { reason, detail, title: _title, status: _status, ...facts } = body.data;
  const message = typeof detail === "string" ? detail : `HTTP ${status}`;
  if (status >= 500) throw new Unreachable(`${url} answers: ${message}`);
  return {
    ok: false,
    refusal: { ...facts, reason: reason as Reason, message: forPeople(message) },
  };
}

/** The server speaks to clients that send headers; whoever calls this has flags and an environment. */
export function forPeople(message: string): string {
  return message.replace(
    "put it where your client takes the Authorization header",
    "give it as BATON_KEY (or --key)",
  );
}

/** What `fetch` says of a port that it calls nowhere, since other protocols have it. */
export const BAD_PORT = "bad port";

export function wrongPort(url: string): WrongAddress {
  return new WrongAddress(
    `${url} is no address of a server: HTTP clients refuse its port, which belongs to another protocol.`,
  );
}

const object = z.record(z.string(), z.unknown());

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` hides what happened in the cause. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
