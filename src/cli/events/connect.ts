/** Opens the event stream of a project once. */
import * as z from "zod";
import { BAD_PORT, causeOf, forPeople, Unreachable, wrongPort } from "../api.ts";
import type { Connection } from "../connection.ts";
import { type Frame, readFrames } from "./frames.ts";

/** What `GET /v1/events` lets through. */
export interface EventQuery {
  readonly run_id?: string;
  readonly types?: string;
  readonly agent_type?: string;
}

/** The server took the call and says no: trying again does not help. */
export interface Refused {
  readonly refused: string;
}

/** A stream says something each five seconds. */
const SILENCE_MS = 30_000;

const problem = z.looseObject({ detail: z.string() });

/** Throws `Unreachable` where there is no stream, and when it breaks or falls silent. */
export async function connectEvents(
  { url, key }: Connection,
  { query, after, signal }: { query: EventQuery; after: string | undefined; signal: AbortSignal },
): Promise<Refused | AsyncGenerator<readonly Frame[]>> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error("it fell silent")), SILENCE_MS);
  const orUnreachable = (error: unknown): unknown => {
    clearTimeout(timer);
    if (signal.aborted) return error;
    const cause = causeOf(silence.signal.reason ?? error);
    if (cause === BAD_PORT) return wrongPort(url);
    return new Unreachable(`Cannot follow ${url}: ${cause}.`);
  };
  let response: Response;
  try {
    response = await fetch(`${url}/v1/events?${new URLSearchParams({ ...query }).toString()}`, {
      headers: { authorization: `Bearer ${key}`, ...(after && { "last-event-id": after }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!isStream(response)) {
      const told = problem.safeParse(await response.json().catch(() => undefined));
      if (response.status < 500 && response.status !== 429 && told.success) {
        clearTimeout(timer);
        return { refused: forPeople(told.data.detail) };
      }
      const what = told.data?.detail ?? `what answers is no Baton (HTTP ${response.status})`;
      throw new Error(what.replace(/\.$/, ""));
    }
  } catch (error) {
    throw orUnreachable(error);
  }
  const { body } = response;
  return (async function* () {
    try {
      for await (const frames of readFrames(body)) {
        timer.refresh();
        yield frames;
      }
    } catch (error) {
      throw orUnreachable(error);
    } finally {
      clearTimeout(timer);
      // Whoever stops reading is done with the connection, which would keep the process from ending.
      silence.abort();
    }
  })();
}

function isStream(
  response: Response,
): response is Response & { readonly body: NonNullable<Response["body"]> } {
  const type = response.headers.get("content-type") ?? "";
  return response.ok && response.body !== null && type.startsWith("text/event-stream");
}
