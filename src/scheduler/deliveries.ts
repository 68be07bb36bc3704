/** Hands planned attempts of webhook deliveries to QStash, which calls us back when each is due. */
import type { Client } from "@upstash/qstash";
import { LIMITS } from "../domain/limits.ts";
import { againUntilTaken } from "./again.ts";

/** One planned attempt. `due_at` in milliseconds. */
export interface Attempt {
  readonly delivery_id: string;
  readonly endpoint_id: string;
  readonly turn: number;
  readonly due_at: number;
}

export interface DeliveryRoute {
  readonly client: Client;
  readonly base_url: string;
  readonly path: string;
  readonly failed_path: string;
  /** Keeps deployments apart that share an account. */
  readonly host: string;
}

/** More attempts to call us, not the endpoint: 20, 40, 80 s later, when an attempt that died is no longer busy. */
const DELIVERY = { retries: 3, retryDelay: "20000 * pow(2, retried)" } as const;

/**
 * QStash swallows a message that it has seen within ten minutes, also one that failed: what is sent again later than that
 * must look different.
 */
const DEDUPLICATED_MS = 600_000;

/** One request for all. Each endpoint has a flow-control key of its own, so that a slow one delays nobody else. */
export async function publishAttempts(
  { client, base_url, path, failed_path, host }: DeliveryRoute,
  { project, attempts }: { project: string; attempts: readonly Attempt[] },
): Promise<void> {
  if (attempts.length === 0) return;
  const now = Date.now();
  const window = Math.floor(now / DEDUPLICATED_MS);
  await againUntilTaken(() =>
    client.batchJSON(
      attempts.map(({ delivery_id, endpoint_id, turn, due_at }) => ({
        ...DELIVERY,
        url: `${base_url}${path}`,
        body: { project, delivery_id, turn },
        ...(due_at > now && { notBefore: Math.ceil(due_at / 1000) }),
        failureCallback: `${base_url}${failed_path}`,
        deduplicationId: `deliver-${project}-${delivery_id}-${turn}-${window}-${host}`,
        flowControl: {
          key: `baton-${host}-${project}-${endpoint_id}`,
          parallelism: LIMITS.webhook_parallelism,
        },
        label: "baton-delivery",
      })),
    ),
  );
}

/** One message for the events that one call did not get to. The same place is asked for once. */
export async function publishRest(
  { client, base_url, path, failed_path, host }: DeliveryRoute,
  { project, from }: { project: string; from: string },
): Promise<void> {
  const window = Math.floor(Date.now() / DEDUPLICATED_MS);
  await againUntilTaken(() =>
    client.publishJSON({
      ...DELIVERY,
      url: `${base_url}${path}`,
      body: { project, from },
      failureCallback: `${base_url}${failed_path}`,
      deduplicationId: `rest-${project}-${from}-${window}-${host}`,
      label: "baton-delivery",
    }),
  );
}
