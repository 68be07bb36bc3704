/** Webhook endpoints and deliveries of one project: one method per script, nothing decided here. */
import * as z from "zod";
import { eventsOf, type BatonEvent } from "../domain/event.ts";
import {
  type AttemptResult,
  type DeliveryRecord,
  deliveryRecord,
  type EndpointRecord,
  endpointRecord,
} from "../domain/webhook.ts";
import type { Said } from "./codec.ts";
import { runnerOf, type RunnerOptions } from "./runner.ts";
import { WEBHOOK_SCRIPTS } from "./webhook-scripts.ts";

/** An attempt that somebody has to hand to QStash. `due_at` in milliseconds of Redis' clock. */
const plannedAttempt = z.strictObject({
  delivery_id: z.string(),
  endpoint_id: z.string(),
  turn: z.int(),
  due_at: z.int(),
});

export type PlannedAttempt = z.infer<typeof plannedAttempt>;

const endpointsReply = z.strictObject({ now: z.int(), endpoints: z.array(endpointRecord) });

const outboxReply = z.strictObject({
  now: z.int(),
  /** The event up to which deliveries were made. */
  scanned: z.string(),
  /** The oldest entry that the event log still has. */
  oldest: z.string(),
  entries: z.array(z.strictObject({ id: z.string(), facts: z.json() })),
  endpoints: z.array(endpointRecord),
});

const writtenReply = z.strictObject({ written: z.boolean(), planned: z.array(plannedAttempt) });

const beginReply = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("go"),
    now: z.int(),
    delivery: deliveryRecord,
    endpoint: endpointRecord,
  }),
  /** Its endpoint's breaker is open: it was planned anew. */
  z.strictObject({ outcome: z.literal("later"), planned: plannedAttempt }),
  /**
   * `over`: not the planned attempt any more. `busy`: under way elsewhere. `early`: not due yet. `held`: until its endpoint
   * goes on.
   */
  z.strictObject({ outcome: z.enum(["over", "busy", "early", "held"]) }),
]);

const endReply = z.strictObject({
  planned: z.array(plannedAttempt),
  /** The endpoint works again: what was held for it is to be released. */
  release: z.literal(true).optional(),
});

const releaseReply = z.strictObject({ planned: z.array(plannedAttempt), more: z.boolean() });

const deliveriesReply = z.strictObject({
  now: z.int(),
  next: z.string().nullable(),
  deliveries: z.array(deliveryRecord),
  planned: z.array(plannedAttempt),
  replayed: z.int(),
});

const overdueReply = z.strictObject({
  now: z.int(),
  overdue: z.array(plannedAttempt),
  /** Endpoints whose deliveries are held with nothing in the way. */
  releases: z.array(z.string()),
  removed: z.int(),
});

export type NewEndpoint = Pick<EndpointRecord, "url" | "secrets"> &
  Partial<Pick<EndpointRecord, "description" | "types" | "agent_types" | "run_ids">>;

export type EndpointAction =
  | {
      readonly action: "make";
      readonly endpoint: NewEndpoint;
      /** Tells two bodies apart that came with one idempotency key. */
      readonly fingerprint?: string;
    }
  | {
      readonly action: "change";
      readonly endpoint_id: string;
      readonly fields?: Partial<EndpointRecord>;
      readonly cleared?: readonly (keyof EndpointRecord)[];
      /** A new secret, beside which the one before it signs for a while. */
      readonly secret?: string;
    }
  | { readonly action: "delete"; readonly endpoint_id: string };

export type NewDelivery = Pick<
  DeliveryRecord,
  "delivery_id" | "endpoint_id" | "type" | "event_at" | "data"
>;

export interface AttemptEnd {
  readonly delivery_id: string;
  readonly turn: number;
  readonly result: AttemptResult;
  readonly outcome: "delivered" | "dead" | "again";
  /** With `again`. */
  readonly pause_ms?: number;
  /** It answered 410: nothing is ever sent to that endpoint again. */
  readonly gone?: boolean;
  /** It was not the endpoint's fault. */
  readonly ours?: boolean;
}

export interface DeliveryListing {
  readonly endpoint_id?: string;
  readonly delivery_id?: string;
  readonly status?: DeliveryRecord["status"];
  /** Made since then. Milliseconds. */
  readonly since?: number;
  /** Where an earlier page ended. */
  readonly before?: string;
  readonly limit: number;
  /** Plan an attempt of each anew. */
  readonly replay?: boolean;
}

export interface Outbox extends Omit<z.infer<typeof outboxReply>, "entries"> {
  readonly events: readonly BatonEvent[];
}

export interface WebhookStore {
  endpoints(): Promise<z.infer<typeof endpointsReply>>;
  act(operation_id: string, action: EndpointAction): Promise<Said<z.infer<typeof endpointsReply>>>;
  /** What happened since deliveries were made last. */
  readOutbox(): Promise<Outbox>;
  /** Makes deliveries; with a span of events, unless somebody else did so for that span. */
  writeOutbox(step: {
    readonly from?: string;
    readonly to?: string;
    readonly deliveries: readonly NewDelivery[];
  }): Promise<z.infer<typeof writtenReply>>;
  begin(attempt: Pick<PlannedAttempt, "delivery_id" | "turn">): Promise<z.infer<typeof beginReply>>;
  end(end: AttemptEnd): Promise<z.infer<typeof endReply>>;
  /** Plans a batch of what was held for an endpoint, if nothing is in the way; what was held for a deleted one is over. */
  release(endpoint_id: string): Promise<z.infer<typeof releaseReply>>;
  deliveries(listing: DeliveryListing): Promise<z.infer<typeof deliveriesReply>>;
  /** Attempts that QStash should have and seems not to; removes what has been kept for long enough. */
  overdue(): Promise<z.infer<typeof overdueReply>>;
}

export function createWebhookStore(options: RunnerOptions): WebhookStore {
  const { keys, run, said } = runnerOf(options);
  const scripts = WEBHOOK_SCRIPTS;
  return {
    endpoints: () =>
      said({ script: scripts.endpoints, reply: endpointsReply, request: { action: "list" } }),
    act: (operation_id, request) =>
      run({
        script: scripts.endpoints,
        reply: endpointsReply,
        request,
        keys: [keys.operation(operation_id)],
      }),
    readOutbox: async () => {
      const { entries, ...rest } = await said({
        script: scripts.outboxRead,
        reply: outboxReply,
        request: {},
      });
      const events = entries.flatMap(({ id, facts }) => eventsOf(id, JSON.stringify(facts)));
      return { ...rest, events };
    },
    writeOutbox: (request) => said({ script: scripts.outboxWrite, reply: writtenReply, request }),
    begin: (request) => said({ script: scripts.attemptBegin, reply: beginReply, request }),
    end: (request) => said({ script: scripts.attemptEnd, reply: endReply, request }),
    release: (endpoint_id) =>
      said({ script: scripts.release, reply: releaseReply, request: { endpoint_id } }),
    deliveries: (request) => said({ script: scripts.deliveries, reply: deliveriesReply, request }),
    overdue: () => said({ script: scripts.overdue, reply: overdueReply, request: {} }),
  };
}
