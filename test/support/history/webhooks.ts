/**
 * Webhooks, after all is over: what an endpoint wants to hear of and what reached it, or why not. An event is known by its
 * place in the event log, from which the `webhook-id` is made.
 */
import { type BatonEvent, eventsOf, isAfter, matches } from "../../../src/domain/event.ts";
import {
  type DeliveryRecord,
  deliveryRecord,
  type EndpointRecord,
  endpointRecord,
} from "../../../src/domain/webhook.ts";
import type { Dump } from "../dump.ts";
import type { Breach } from "../history.ts";

/** One request at a receiver. */
export interface Received {
  readonly url: string;
  /** Its `webhook-id`. */
  readonly id: string;
  readonly body: string;
  readonly at: number;
  /** Whether its signature and time are right, as far as the receiver knows. */
  readonly genuine: boolean;
  /** The status that was answered; 0 where no answer left the receiver. */
  readonly answered: number;
}

interface Told {
  readonly endpoints: readonly EndpointRecord[];
  readonly deliveries: ReadonlyMap<string, DeliveryRecord>;
  /** By the `webhook-id` without the endpoint. */
  readonly events: ReadonlyMap<string, BatonEvent>;
  readonly received: readonly Received[];
}

export function checkWebhookHistory(dump: Dump, received: readonly Received[]): Breach[] {
  const told = read(dump, received);
  return [
    ...checkArrivals(told),
    ...checkDeliveries(told),
    ...told.endpoints.flatMap((endpoint) => checkCompleteness(endpoint, told)),
    ...["outbox", "held"].flatMap((name) => checkNothingLeft(name, dump)),
  ];
}

function read(dump: Dump, received: readonly Received[]): Told {
  const fields = Object.entries(dump.hashes["webhooks"] ?? {});
  const deliveries = Object.values(dump.hashes["deliveries"] ?? {}).map((text) =>
    deliveryRecord.parse(JSON.parse(text)),
  );
  const events = (dump.streams["events"] ?? []).flatMap(([id, [, facts = "[]"]]) =>
    eventsOf(id, facts),
  );
  return {
    endpoints: fields
      .filter(([name]) => name.startsWith("endpoint:"))
      .map(([, text]) => endpointRecord.parse(JSON.parse(text))),
    deliveries: new Map(deliveries.map((delivery) => [delivery.delivery_id, delivery])),
    events: new Map(events.map((event) => [`evt_${event.id.replaceAll("-", "_")}`, event])),
    received,
  };
}

/** What arrived is genuine, was meant for that endpoint, and tells what happened. */
function checkArrivals({ received, deliveries, endpoints, events }: Told): Breach[] {
  const urls = new Map(endpoints.map(({ endpoint_id, url }) => [endpoint_id, url]));
  return received.flatMap(({ id, url, body, genuine }): Breach[] => {
    const delivery = deliveries.get(id);
    const event = events.get(id.replace(/_w\d+$/, ""));
    if (!genuine) return [{ kind: "untrue", text: `${id} arrived and does not verify` }];
    if (!delivery || urls.get(delivery.endpoint_id) !== url) {
      return [{ kind: "untrue", text: `${id} arrived at ${url}, for which it was not made` }];
    }
    if (!event)
      return id.startsWith("test_") ? [] : [{ kind: "untrue", text: `${id} tells of nothing` }];
    const { type, ...data } = event.fact;
    const due = { type, timestamp: new Date(event.at).toISOString(), data };
    return body === JSON.stringify(due)
      ? []
      : [{ kind: "untrue", text: `${id} says ${body} of ${JSON.stringify(due)}` }];
  });
}

/** Delivered is what a receiver took; what is dead has a reason; nothing else is left. */
function checkDeliveries({ deliveries, received }: Told): Breach[] {
  const taken = new Set(
    received.filter(({ answered }) => answered >= 200 && answered < 300).map(({ id }) => id),
  );
  return [...deliveries.values()].flatMap(({ delivery_id, status, held, results }): Breach[] => {
    if (status === "delivered" && !taken.has(delivery_id)) {
      return [{ kind: "untrue", text: `${delivery_id} is delivered and nobody took it` }];
    }
    if (status === "dead" && !results?.length) {
      return [{ kind: "untrue", text: `${delivery_id} is dead without an attempt` }];
    }
    if (status === "waiting" && held !== "disabled") {
      return [{ kind: "lost", text: `${delivery_id} waits for ever (${held ?? "planned"})` }];
    }
    return [];
  });
}

/** Each event that it wants has one delivery. While an endpoint is disabled it hears of nothing. */
function checkCompleteness(
  endpoint: EndpointRecord,
  { deliveries, events, received }: Told,
): Breach[] {
  const { endpoint_id, url, since } = endpoint;
  const wasGone = received.some((one) => one.url === url && one.answered === 410);
  return [...events].flatMap(([id, event]): Breach[] => {
    const wanted = isAfter(event, since) && matches(endpoint, event.fact);
    const delivery = deliveries.get(`${id}_${endpoint_id}`);
    if (delivery && !wanted) {
      return [{ kind: "untrue", text: `${endpoint_id} is told of ${event.fact.type}, ${id}` }];
    }
    return wanted && !delivery && !wasGone
      ? [{ kind: "lost", text: `${endpoint_id} never hears of ${event.fact.type}, ${id}` }]
      : [];
  });
}

function checkNothingLeft(name: string, dump: Dump): Breach[] {
  return (dump.sets[name] ?? []).flatMap(([member]): Breach[] => {
    const id = member.replace(/^.*\|/, "");
    const record = dump.hashes["deliveries"]?.[id];
    const held = record && deliveryRecord.parse(JSON.parse(record)).held;
    return held === "disabled" ? [] : [{ kind: "lost", text: `${member} is left in ${name}` }];
  });
}
