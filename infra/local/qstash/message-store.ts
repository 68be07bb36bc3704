// The messages that are still to be delivered.

import type { Message } from "./message.ts";

export class MessageStore {
  readonly #messages = new Map<string, Message>();

  add(message: Message): void {
    this.#messages.set(message.id, message);
  }

  remove(message: Message): void {
    this.#messages.delete(message.id);
  }

  /** A message whose cancellation was requested counts as gone. */
  get(id: string): Message | undefined {
    const message = this.#messages.get(id);
    return message?.cancelRequested === true ? undefined : message;
  }

  /** In the order of creation. */
  list(): Message[] {
    return [...this.#messages.values()].filter((message) => !message.cancelRequested);
  }
}
