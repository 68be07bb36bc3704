// Holds the messages that are due and starts each as soon as nothing holds it back.

import type { Timer } from "./agenda.ts";
import type { FlowControl, Permission } from "./flow-control.ts";
import type { HostBlocks } from "./host-blocks.ts";
import type { Message } from "./message.ts";
import type { Queues } from "./queues.ts";
import type { TimerScope } from "./timer-scope.ts";

type DispatcherParts = {
  readonly queues: Queues;
  readonly flowControl: FlowControl;
  readonly hostBlocks: HostBlocks;
  readonly timers: TimerScope;
  /** Deliveries in flight at once, over everything. */
  readonly parallelism: number;
  /** Begins a delivery; must not call back into the dispatcher before it returns. */
  readonly start: (message: Message) => void;
};

export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** In the order in which they became due. */
  #due: Message[] = [];
  #open = 0;
  readonly #wakes = new Map<number, Timer>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  add(message: Message): void {
    this.#due.push(message);
    this.pump();
  }

  /** Takes out a message that waits; false if it does not. */
  remove(message: Message): boolean {
    const before = this.#due.length;
    this.#due = this.#due.filter((other) => other !== message);
    return this.#due.length < before;
  }

  /** Says that the delivery of a started message is over. */
  ended(message: Message): void {
    this.#open -= 1;
    const key = message.settings.flowControl?.key;
    if (key !== undefined) this.#parts.flowControl.end(key);
  }

  /** Starts all that may start. To be called whenever something that held messages back is gone. */
  pump(): void {
    for (const message of this.#due) {
      if (this.#open >= this.#parts.parallelism) return;
      const permission = this.#permission(message);
      if (permission.askAgainAt !== undefined) this.#wakeAt(permission.askAgainAt);
      if (permission.allowed) this.#start(message);
    }
  }

  open(): number {
    return this.#open;
  }

  /** How many due messages of a flow-control key wait. */
  waiting(flowControlKey: string): number {
    return this.#due.filter((message) => message.settings.flowControl?.key === flowControlKey)
      .length;
  }

  #start(message: Message): void {
    this.remove(message);
    this.#open += 1;
    const key = message.settings.flowControl?.key;
    if (key !== undefined) this.#parts.flowControl.begin(key, this.#parts.timers.now());
    this.#parts.start(message);
  }

  #permission(message: Message): Permission {
    const { queues, flowControl, hostBlocks, timers } = this.#parts;
    const { queueName } = message;
    if (queueName !== undefined && !queues.mayRun(queueName, message.id)) return { allowed: false };
    const blockedUntil = hostBlocks.blockedUntil(message.url);
    if (blockedUntil > timers.now()) return { allowed: false, askAgainAt: blockedUntil };
    const key = message.settings.flowControl?.key;
    return key === undefined ? { allowed: true } : flowControl.permission(key, timers.now());
  }

  #wakeAt(time: number): void {
    if (this.#wakes.has(time)) return;
    const timer = this.#parts.timers.at(time, () => {
      this.#wakes.delete(time);
      this.pump();
    });
    this.#wakes.set(time, timer);
  }
}
