/** Webhook endpoints and deliveries: each delivery is listed once, and waits in exactly one place or nowhere. */
import {
  type DeliveryRecord,
  deliveryRecord,
  type EndpointRecord,
  endpointRecord,
} from "../../../src/domain/webhook.ts";
import type { Books } from "./books.ts";

interface Kept {
  readonly endpoints: ReadonlyMap<string, EndpointRecord>;
  readonly deliveries: readonly DeliveryRecord[];
}

export function checkWebhooks(books: Books): void {
  const kept = readKept(books);
  checkEndpoints(books, kept);
  for (const delivery of kept.deliveries) checkDelivery(delivery, books.fault);
  checkIndexes(books, kept);
}

function readKept({ dump }: Books): Kept {
  const fields = Object.entries(dump.hashes["webhooks"] ?? {});
  const endpoints = fields
    .filter(([name]) => name.startsWith("endpoint:"))
    .map(([, text]) => endpointRecord.parse(JSON.parse(text)));
  return {
    endpoints: new Map(endpoints.map((endpoint) => [endpoint.endpoint_id, endpoint])),
    deliveries: Object.values(dump.hashes["deliveries"] ?? {}).map((text) =>
      deliveryRecord.parse(JSON.parse(text)),
    ),
  };
}

function checkEndpoints({ dump, fault }: Books, { endpoints }: Kept): void {
  const ids: unknown = JSON.parse(dump.hashes["webhooks"]?.["ids"] ?? "[]");
  const stored = [...endpoints.keys()].toSorted(byNumber);
  if (JSON.stringify(ids) !== JSON.stringify(stored)) {
    fault(`the list of webhooks is ${JSON.stringify(ids)}, there are ${JSON.stringify(stored)}`);
  }
  const told = dump.hashes["control"]?.["webhooks"] !== undefined;
  if (told !== endpoints.size > 0) fault(`changes know of webhooks: ${told}`);
  for (const { endpoint_id, status, open_until_ms, probe, failures } of endpoints.values()) {
    if (probe !== undefined && open_until_ms === undefined)
      fault(`${endpoint_id} probes for nothing`);
    if (status === "disabled" && failures !== undefined)
      fault(`${endpoint_id} is disabled, and counts`);
  }
}

function checkDelivery(delivery: DeliveryRecord, fault: Books["fault"]): void {
  const { delivery_id, status, due_at, held, busy_until_ms, results = [] } = delivery;
  const places = [due_at, held].filter((place) => place !== undefined).length;
  if (places !== (status === "waiting" ? 1 : 0))
    fault(`${delivery_id} is ${status} in ${places} places`);
  if (busy_until_ms !== undefined && due_at === undefined)
    fault(`${delivery_id} is busy for nothing`);
  const last = results.at(-1);
  if (status === "dead" && last?.error === undefined && !((last?.status ?? 0) >= 300)) {
    fault(`${delivery_id} is dead without a reason`);
  }
}

function checkIndexes({ dump, fault }: Books, { deliveries }: Kept): void {
  const due = {
    delivery_index: deliveries.map(
      ({ created_at, delivery_id }) => `${String(created_at).padStart(13, "0")}|${delivery_id} 0`,
    ),
    outbox: deliveries.flatMap(({ due_at, delivery_id }) =>
      due_at === undefined ? [] : [`${delivery_id} ${due_at}`],
    ),
    held: deliveries.flatMap(({ held, endpoint_id, delivery_id }) =>
      held === undefined ? [] : [`${endpoint_id}|${delivery_id} 0`],
    ),
  };
  for (const [name, wanted] of Object.entries(due)) {
    const stored = new Set((dump.sets[name] ?? []).map(([member, score]) => `${member} ${score}`));
    for (const member of wanted) if (!stored.delete(member)) fault(`${name} lacks ${member}`);
    for (const member of stored) fault(`${name} has ${member}`);
  }
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}
