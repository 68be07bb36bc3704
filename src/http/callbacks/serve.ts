/**
 * What QStash calls. Each callback is verified first and then done; each may come never, once or often, in any order and
 * late. 2xx only after it was done, so that QStash sends again what failed.
 */
import { recordFault } from "../../observability/fault.ts";
import { log, type LogFields } from "../../observability/log.ts";
import type { Timers } from "../../operations/composition.ts";
import { readBody } from "../body.ts";
import { faultResponse, problemResponse } from "../problem.ts";
import { deliverCallback } from "./deliver.ts";
import { failedCallback } from "./failed.ts";
import type { Outcome } from "./outcome.ts";
import { tickCallback } from "./tick.ts";
import { watchdogCallback } from "./watchdog.ts";

type Callback = (timers: Timers, body: unknown) => Promise<Outcome>;

const CALLBACKS: ReadonlyMap<string, Callback> = new Map([
  ["tick", tickCallback],
  ["watchdog", watchdogCallback],
  ["deliver", deliverCallback],
  ["failed", failedCallback],
]);

/** Undefined where nothing is served under that name. */
export async function serveCallback(
  timers: Timers,
  { name, request }: { name: string; request: Request },
): Promise<Response | undefined> {
  const callback = CALLBACKS.get(name);
  if (!callback) return undefined;
  const body = await readBody(request);
  if ("refused" in body) return body.refused;
  const about = {
    callback: name,
    message_id: request.headers.get("upstash-message-id") ?? undefined,
    retried: Number(request.headers.get("upstash-retried") ?? 0),
  };
  const signature = request.headers.get("upstash-signature");
  const path = `/qstash/${name}`;
  const verdict = await timers.scheduler.verify({ path, signature, body: body.text });
  if (!verdict.ok) {
    log("callback", { callback: name, outcome: "refused", reason: verdict.reason });
    return problemResponse({
      status: 401,
      reason: "unauthorized",
      message: "Only QStash may call this, with its signature.",
    });
  }
  return perform(() => callback(timers, parsed(body.text)), about);
}

async function perform(run: () => Promise<Outcome>, about: LogFields): Promise<Response> {
  const started = Date.now();
  try {
    const outcome = await run();
    const duration_ms = Date.now() - started;
    if ("never" in outcome) {
      log("callback", { ...about, outcome: "refused", reason: outcome.never, duration_ms });
      return never(outcome.never);
    }
    if ("later" in outcome) {
      log("callback", { ...about, outcome: "refused", reason: "busy", duration_ms });
      return busy(outcome.later);
    }
    log("callback", { ...about, ...outcome.done, outcome: "ok", duration_ms });
    return Response.json(outcome.done);
  } catch (error) {
    const fault = recordFault(error);
    const duration_ms = Date.now() - started;
    log("callback", { ...about, outcome: "fault", fault_id: fault.id, duration_ms });
    return faultResponse(fault);
  }
}

/** Tells QStash not to try again (https://upstash.com/docs/qstash/features/retry). */
function never(reason: string): Response {
  return Response.json(
    { reason },
    { status: 489, headers: { "upstash-nonretryable-error": "true" } },
  );
}

/** Not now: QStash obeys the header (https://upstash.com/docs/qstash/features/retry). */
function busy(seconds: number): Response {
  return Response.json(
    { reason: "busy" },
    { status: 503, headers: { "retry-after": String(seconds) } },
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
