// Recognises a publish that was already accepted within the last ten minutes.

import { createHash } from "node:crypto";
import type { MessageSettings } from "./message-settings.ts";

/** Documented window (docs: QStash, Deduplication). */
const windowMs = 10 * 60_000;

export class Deduplication {
  readonly #seen = new Map<string, { readonly messageId: string; readonly until: number }>();

  /** The id of the message accepted under this key, if the window is still open. */
  find(key: string, now: number): string | undefined {
    const seen = this.#seen.get(key);
    return seen !== undefined && now < seen.until ? seen.messageId : undefined;
  }

  /** The window begins with the first publish; a duplicate does not extend it. */
  remember(key: string, { messageId, now }: { messageId: string; now: number }): void {
    for (const [old, { until }] of this.#seen) if (until <= now) this.#seen.delete(old);
    this.#seen.set(key, { messageId, until: now + windowMs });
  }
}

/** What makes two publishes the same; undefined where deduplication was not asked for. */
export function deduplicationKey(publish: {
  readonly url: string;
  readonly topicName?: string | undefined;
  readonly settings: MessageSettings;
  readonly body: Uint8Array;
}): string | undefined {
  const { settings, url, topicName } = publish;
  if (settings.deduplicationId !== undefined) {
    // Each endpoint of a URL group gets its own message, so the id alone would let only one through.
    return JSON.stringify(["id", settings.deduplicationId, topicName === undefined ? "" : url]);
  }
  if (!settings.contentBasedDeduplication) return undefined;
  const hash = createHash("sha256")
    .update(JSON.stringify([url, settings.headers]))
    .update("\0");
  return JSON.stringify(["content", hash.update(publish.body).digest("hex")]);
}
