// One local QStash on a manual clock, one endpoint and one SDK client, gone when the test is over.

import { Client, Receiver } from "@upstash/qstash";
import { onTestFinished } from "vitest";
import { manualClock } from "../../../infra/local/qstash/clock.ts";
import { startQstash } from "../../../infra/local/qstash/start-qstash.ts";
import type { Qstash, QstashOptions } from "../../../infra/local/qstash/types.ts";
import { type Delivery, type Endpoint, startEndpoint } from "./endpoint.ts";

export type Stack = {
  readonly qstash: Qstash;
  readonly client: Client;
  readonly endpoint: Endpoint;
  /** Resolves if the SDK's Receiver accepts the delivery for this exact URL, and rejects if not. */
  readonly verify: (delivery: Delivery | undefined, url: string) => Promise<boolean>;
};

export const second = 1_000;
export const minute = 60_000;
export const hour = 3_600_000;
export const day = 86_400_000;

export async function setUp(options: QstashOptions = {}): Promise<Stack> {
  const qstash = await startQstash({ clock: manualClock(), ...options });
  onTestFinished(() => qstash.stop());
  const endpoint = await startEndpoint();
  onTestFinished(() => endpoint.stop());
  const client = new Client({ baseUrl: qstash.url, token: qstash.token, retry: false });

  async function verify(delivery: Delivery | undefined, url: string): Promise<boolean> {
    const { current, next } = qstash.signingKeys();
    const receiver = new Receiver({ currentSigningKey: current, nextSigningKey: next });
    return await receiver.verify({
      signature: String(delivery?.headers["upstash-signature"]),
      body: delivery?.body ?? "",
      url,
      clockTolerance: 5,
    });
  }

  return { qstash, client, endpoint, verify };
}

/** A request to the API past the SDK, for what the SDK does not do. */
export async function call(
  qstash: Qstash,
  request: { method?: string; path: string; body?: string; headers?: Record<string, string> },
): Promise<{ status: number; json: unknown; headers: Headers }> {
  const response = await fetch(qstash.url + request.path, {
    method: request.method ?? "GET",
    headers: { authorization: `Bearer ${qstash.token}`, ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const text = await response.text();
  const json: unknown = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, json, headers: response.headers };
}
