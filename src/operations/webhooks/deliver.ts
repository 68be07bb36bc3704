/** Makes one attempt to deliver an event to an endpoint. */
import { Webhook } from "standardwebhooks";
import { LIMITS } from "../../domain/limits.ts";
import {
  afterAttempt,
  type AttemptResult,
  type DeliveryRecord,
  type EndpointRecord,
} from "../../domain/webhook.ts";
import type { PlannedAttempt } from "../../store/webhooks.ts";
import { releaseHeld } from "./release-held.ts";
import { targetOf } from "./target-of.ts";
import type { Webhooks } from "./webhooks.ts";

/** What came of it. `over`, `busy` and `early`: nothing was sent. */
export type Delivered =
  | "delivered"
  | "again"
  | "dead"
  | "later"
  | "held"
  | "over"
  | "busy"
  | "early";

/**
 * Safe to be called any number of times for one planned attempt, and to die at any point: it is begun once at a time, and
 * the first report of its end counts. The receiver may get an event twice, under the same `webhook-id`.
 */
export async function deliver(
  webhooks: Webhooks,
  attempt: Pick<PlannedAttempt, "delivery_id" | "turn">,
): Promise<Delivered> {
  const begun = await webhooks.store.begin(attempt);
  if (begun.outcome === "later") {
    await webhooks.queue([begun.planned]);
    return "later";
  }
  if (begun.outcome !== "go") return begun.outcome;
  const { delivery, endpoint, now } = begun;
  const answer = await send({ delivery, endpoint, now, webhooks });
  const { retry_after, ...result } = answer;
  const after = afterAttempt({
    attempts: delivery.attempts + 1,
    status: result.status,
    retry_after,
    now,
    chance: webhooks.chance(),
  });
  const again = typeof after === "object" ? after : undefined;
  const { planned, release } = await webhooks.store.end({
    ...attempt,
    result,
    outcome: typeof after === "object" ? "again" : after,
    ...(again && { pause_ms: again.due_at - now }),
    ...(result.status === 410 && { gone: true }),
  });
  await webhooks.queue(planned);
  if (release) await releaseHeld(webhooks, endpoint.endpoint_id);
  return typeof after === "object" ? "again" : after;
}

interface Sending {
  readonly delivery: DeliveryRecord;
  readonly endpoint: EndpointRecord;
  /** Milliseconds of Redis' clock. */
  readonly now: number;
  readonly webhooks: Webhooks;
}

type Answer = AttemptResult & { readonly retry_after?: string };

async function send({ delivery, endpoint, now, webhooks }: Sending): Promise<Answer> {
  // Asked anew each time: what was allowed when it was registered need not be so any more.
  const target = await targetOf(endpoint.url, webhooks);
  if (!target.ok) return { at: now, status: 0, error: target.refusal.message, ms: 0 };
  const started = Date.now();
  const took = (): number => Date.now() - started;
  const body = bodyOf(delivery);
  try {
    const response = await webhooks.fetch(target.value, {
      method: "POST",
      headers: headersFor({ delivery, endpoint, now }, body),
      body,
      // A redirect could lead inside; to follow one is the owner's decision, by changing the URL.
      redirect: "manual",
      signal: AbortSignal.timeout(LIMITS.webhook_timeout_ms),
    });
    const retry_after = response.headers.get("retry-after");
    const answered = await beginningOf(response);
    return {
      at: now,
      status: response.status,
      ...(answered !== "" && { body: answered }),
      ms: took(),
      ...(retry_after !== null && { retry_after }),
    };
  } catch (error) {
    return { at: now, status: 0, error: reasonOf(error), ms: took() };
  }
}

function bodyOf({ type, event_at, data }: DeliveryRecord): string {
  const timestamp = new Date(event_at).toISOString();
  return `{"type":${JSON.stringify(type)},"timestamp":"${timestamp}","data":${data}}`;
}

/** A signature for each secret that is valid now: the time signed is this attempt's. */
function headersFor(
  { delivery, endpoint, now }: Omit<Sending, "webhooks">,
  body: string,
): Record<string, string> {
  const at = new Date(now);
  const valid = endpoint.secrets.filter(({ until_ms = Infinity }) => until_ms > now);
  return {
    "content-type": "application/json",
    "user-agent": "Baton-Webhooks/1",
    "webhook-id": delivery.delivery_id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": valid
      .map(({ secret }) => new Webhook(secret).sign(delivery.delivery_id, at, body))
      .join(" "),
  };
}

/** What is kept of the answer. One that breaks off counts by its status, which has arrived. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const kept = new Uint8Array(LIMITS.webhook_answer_bytes);
  let length = 0;
  try {
    while (length < kept.length) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, kept.length - length);
      kept.set(part, length);
      length += part.length;
    }
    reader.cancel().catch(() => undefined);
  } catch {
    // What came before is kept.
  }
  // Streamed: a character that was cut in two at the end is left out.
  return new TextDecoder().decode(kept.subarray(0, length), { stream: true });
}

function reasonOf(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return name === "TimeoutError"
    ? `No answer within ${LIMITS.webhook_timeout_ms / 1000} s.`
    : "The connection could not be made, or broke off.";
}
