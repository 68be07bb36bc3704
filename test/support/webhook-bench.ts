/** A project with webhooks, a receiver that checks every signature, and a clock that the test moves. */
import { Webhook } from "standardwebhooks";
import { onTestFinished, vi } from "vitest";
import { z } from "zod";
import { type Delivered, deliver } from "../../src/operations/webhooks/deliver.ts";
import { createWebhook } from "../../src/operations/webhooks/create-webhook.ts";
import { makeDeliveries } from "../../src/operations/webhooks/make-deliveries.ts";
import type { Webhooks } from "../../src/operations/webhooks/webhooks.ts";
import type { Attempt } from "../../src/scheduler/deliveries.ts";
import { createWebhookStore } from "../../src/store/webhooks.ts";
import { createTransport } from "../../src/store/transport.ts";
import { type Delivery, type Endpoint, startEndpoint } from "../local/qstash/endpoint.ts";
import type { Project } from "./project.ts";

export interface Bench {
  readonly webhooks: Webhooks;
  readonly receiver: Endpoint;
  /** Attempts that were handed to QStash and not made yet. */
  readonly queued: Attempt[];
  /** Calls for the rest of the events that were handed to QStash and not made yet. */
  readonly rests: string[];
  /** Registers the receiver. */
  readonly register: (more?: object) => Promise<{ endpoint_id: string; secret: string }>;
  /** Makes deliveries of what happened, and every attempt that is due. */
  readonly settle: () => Promise<Delivered[]>;
  /** Bodies that arrived, by their `webhook-id`. */
  readonly received: () => { id: string; type: string; data: Record<string, unknown> }[];
}

const received = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });

export async function webhookBench(project: Project): Promise<Bench> {
  const receiver = await startEndpoint();
  onTestFinished(() => receiver.stop());
  const queued: Attempt[] = [];
  const rests: string[] = [];
  const { url, token } = project.upstash;
  const store = createWebhookStore({
    transport: createTransport({ url, token }),
    project: project.name,
    now: project.now,
  });
  const webhooks: Webhooks = {
    store,
    queue: async (attempts) => {
      queued.push(...attempts);
      return true;
    },
    goOn: async (from) => {
      rests.push(from);
      return true;
    },
    fetch,
    chance: Math.random,
    allow_loopback: true,
  };
  return {
    webhooks,
    receiver,
    queued,
    rests,
    register: async (more = {}) => {
      const made = await project.ok(
        createWebhook,
        { url: `${receiver.url}/hook`, ...more },
        { as: { role: "admin" }, webhooks },
      );
      return { endpoint_id: made.endpoint_id, secret: made.secret };
    },
    settle: async () => {
      do await makeDeliveries(webhooks);
      while (rests.pop() !== undefined);
      const outcomes: Delivered[] = [];
      for (;;) {
        const due = queued.filter(({ due_at }) => due_at <= project.now());
        if (due.length === 0) return outcomes;
        for (const attempt of due) queued.splice(queued.indexOf(attempt), 1);
        for (const attempt of due) outcomes.push(await deliver(webhooks, attempt));
      }
    },
    received: () =>
      receiver.deliveries.map(({ headers, body }) => {
        const { type, data } = received.parse(JSON.parse(body));
        return { id: String(headers["webhook-id"]), type, data };
      }),
  };
}

/**
 * What the official library says of a delivery when it looks at `now` (milliseconds); it goes by the machine's clock.
 *
 * @throws WebhookVerificationError where the delivery is not genuine.
 */
export function verified(
  { headers, body }: Pick<Delivery, "headers" | "body">,
  { secret, now }: { secret: string; now: number },
): unknown {
  vi.useFakeTimers({ toFake: ["Date"], now });
  try {
    return new Webhook(secret).verify(
      body,
      Object.fromEntries(
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [
          name,
          String(headers[name]),
        ]),
      ),
    );
  } finally {
    vi.useRealTimers();
  }
}
