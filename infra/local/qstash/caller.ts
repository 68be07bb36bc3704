// Makes the call of one attempt: signs it afresh, sends it, and ends it when it takes too long.

import { deliver, type DeliveryResult } from "./deliver.ts";
import { deliveryHeaders } from "./delivery-headers.ts";
import { newId } from "./ids.ts";
import type { Message } from "./message.ts";
import type { Plan } from "./plan.ts";
import { signDelivery } from "./signature.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { TimerScope } from "./timer-scope.ts";

type CallerParts = {
  readonly timers: TimerScope;
  readonly plan: Plan;
  readonly keys: SigningKeys;
  readonly region: string;
  /** Unix milliseconds for the signature's times. */
  readonly signatureNow: () => number;
};

export class Caller {
  readonly #parts: CallerParts;
  readonly #open = new Set<AbortController>();

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async call(message: Message): Promise<DeliveryResult> {
    const { timers, plan, region } = this.#parts;
    const { settings, url, body } = message;
    const abort = new AbortController();
    this.#open.add(abort);
    const patience = Math.min(settings.timeoutMs ?? plan.maxResponseMs, plan.maxResponseMs);
    const timeout = timers.at(timers.now() + patience, () => abort.abort());
    const result = await deliver({
      url,
      method: settings.method,
      headers: deliveryHeaders(message, { signature: this.#sign(message), region }),
      body,
      maxResponseBytes: plan.maxMessageBytes,
      signal: abort.signal,
    });
    timeout.cancel();
    this.#open.delete(abort);
    return result;
  }

  abortAll(): void {
    for (const abort of this.#open) abort.abort();
  }

  #sign({ url, body }: Message): string {
    const { keys, signatureNow } = this.#parts;
    const key = keys.pair().current;
    return signDelivery({ key, url, body, nowMs: signatureNow(), tokenId: newId("jwt") });
  }
}
