// The dead-letter queue: messages given up, until they are retried, deleted or too old.

import type { DeliveryResult } from "./deliver.ts";
import type { Filter } from "./filters.ts";
import { bodyView, type Message, messageView } from "./message.ts";
import { type Page, pageOf } from "./page.ts";

export type DeadLetter = {
  readonly dlqId: string;
  readonly position: number;
  readonly time: number;
  readonly message: Message;
  readonly result: DeliveryResult;
};

export class DeadLetters {
  readonly #letters = new Map<string, DeadLetter>();
  readonly #retentionMs: number;
  #position = 0;

  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  add(message: Message, { result, now }: { result: DeliveryResult; now: number }): DeadLetter {
    let sameMoment = 0;
    while (this.#letters.has(`${now}-${sameMoment}`)) sameMoment += 1;
    this.#position += 1;
    const dlqId = `${now}-${sameMoment}`;
    const letter = { dlqId, position: this.#position, time: now, message, result };
    this.#letters.set(dlqId, letter);
    return letter;
  }

  get(dlqId: string, now: number): DeadLetter | undefined {
    this.#forget(now);
    return this.#letters.get(dlqId);
  }

  page({
    filter,
    query,
    now,
  }: {
    filter: Filter;
    query: URLSearchParams;
    now: number;
  }): Page<DeadLetter> {
    this.#forget(now);
    const found = [...this.#letters.values()].filter((letter) =>
      filter({ ...letter, responseStatus: statusOf(letter.result) }),
    );
    return pageOf(found.toReversed(), query);
  }

  delete(dlqId: string): boolean {
    return this.#letters.delete(dlqId);
  }

  #forget(now: number): void {
    for (const [dlqId, letter] of this.#letters) {
      if (letter.time + this.#retentionMs <= now) this.#letters.delete(dlqId);
    }
  }
}

/** How the API shows a dead letter (docs: REST API, DLQMessage). */
export function deadLetterView({ dlqId, message, result }: DeadLetter): Record<string, unknown> {
  return { ...messageView(message), dlqId, ...responseView(result) };
}

function responseView(result: DeliveryResult): Record<string, unknown> {
  if (result.kind !== "answered") return { responseStatus: 0, responseBody: result.error };
  return {
    responseStatus: result.status,
    responseHeader: result.headers,
    ...bodyView("responseBody", result.body),
  };
}

function statusOf(result: DeliveryResult): number {
  return result.kind === "answered" ? result.status : 0;
}
