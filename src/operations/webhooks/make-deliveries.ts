/** Turns what happened into deliveries, one for each event and endpoint that wants it. */
import { type BatonEvent, isAfter, matches, parseEventId } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { EndpointRecord } from "../../domain/webhook.ts";
import { log } from "../../observability/log.ts";
import type { NewDelivery } from "../../store/webhooks.ts";
import type { Webhooks } from "./webhooks.ts";

/**
 * Steps of one call, of three requests each: a Worker may make 50 (https://developers.cloudflare.com/workers/platform/limits/).
 * QStash has another call go on.
 */
const STEPS = 10;

/**
 * Safe to be called at any time, by several at once, and to die at any point: the log is read from where deliveries were
 * made last, and that place moves together with the deliveries. Returns how many were made.
 */
export async function makeDeliveries({ store, queue, goOn }: Webhooks): Promise<number> {
  let made = 0;
  let reached = "";
  for (let step = 0; step < STEPS; step++) {
    const { events, endpoints, scanned, oldest } = await store.readOutbox();
    if (endpoints.length === 0) return made;
    const fresh = events.filter((event) => isAfter(event, scanned));
    if (fresh.length === 0) return made;
    if (isAfter({ id: `${oldest}-0` }, scanned) && scanned !== "0-0") log("webhooks.gap", {});
    const { deliveries, to } = deliveriesOf(fresh, endpoints);
    const { written, planned } = await store.writeOutbox({ from: scanned, to, deliveries });
    reached = to;
    if (!written) continue;
    made += deliveries.length;
    await queue(planned);
  }
  await goOn(reached);
  return made;
}

/** Those of the first events, as many as one step makes, and the place up to which they go. */
function deliveriesOf(
  events: readonly BatonEvent[],
  endpoints: readonly EndpointRecord[],
): { deliveries: NewDelivery[]; to: string } {
  const deliveries: NewDelivery[] = [];
  for (const [index, event] of events.entries()) {
    for (const endpoint of endpoints) {
      if (wants(endpoint, event)) deliveries.push(deliveryOf(event, endpoint));
    }
    const next = events[index + 1];
    const room = LIMITS.webhook_deliveries_per_step - endpoints.length;
    if (!next || deliveries.length > room) return { deliveries, to: placeAfter(event, next) };
  }
  throw new Error("no events to make deliveries of");
}

/** The whole entry once its last event is done, so that it is not read again. */
function placeAfter(event: BatonEvent, next: BatonEvent | undefined): string {
  const entry = parseEventId(event.id)?.entry ?? event.id;
  return next && parseEventId(next.id)?.entry === entry ? event.id : entry;
}

function wants(endpoint: EndpointRecord, event: BatonEvent): boolean {
  const { status, since } = endpoint;
  return status !== "disabled" && isAfter(event, since) && matches(endpoint, event.fact);
}

function deliveryOf(event: BatonEvent, { endpoint_id }: EndpointRecord): NewDelivery {
  const { type, ...data } = event.fact;
  return {
    // A `webhook-id` holds no dot; the endpoint comes last, so that ids sort by time.
    delivery_id: `evt_${event.id.replaceAll("-", "_")}_${endpoint_id}`,
    endpoint_id,
    type,
    event_at: event.at,
    data: JSON.stringify(data),
  };
}
