// Carries accepted messages to their endpoints: waits, sends, retries, gives up, tells callbacks.

import { callbackBody } from "./callback-body.ts";
import { Caller } from "./caller.ts";
import type { Clock } from "./clock.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type DeliveryResult, isNonRetryable, isSuccess } from "./deliver.ts";
import { Dispatcher } from "./dispatcher.ts";
import { createEntrance, type Entrance } from "./entrance.ts";
import { EventLog, type LogEntry, type LogState } from "./event-log.ts";
import type { Faults } from "./faults.ts";
import { FlowControl } from "./flow-control.ts";
import { HostBlocks } from "./host-blocks.ts";
import { newId } from "./ids.ts";
import type { Message } from "./message.ts";
import { type CallbackSettings, readMessageSettings } from "./message-settings.ts";
import { MessageStore } from "./message-store.ts";
import type { Plan } from "./plan.ts";
import { Queues } from "./queues.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { StatsCounter } from "./stats.ts";
import { TimerScope } from "./timer-scope.ts";

type EngineOptions = {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly keys: SigningKeys;
  readonly faults: Faults;
  readonly region: string;
  /** Unix milliseconds for the signature's times. */
  readonly signatureNow: () => number;
};

type MessageDraft = Omit<
  Message,
  "id" | "createdAt" | "notBefore" | "retried" | "cancelRequested" | "openCallbacks" | "finished"
>;

export type Outcome = "delivered" | "failed" | "canceled" | "lost";

export class Engine {
  readonly messages = new MessageStore();
  readonly stats = new StatsCounter();
  readonly flowControl = new FlowControl();
  readonly queues: Queues;
  readonly deadLetters: DeadLetters;
  readonly log: EventLog;
  readonly dispatcher: Dispatcher;
  readonly timers: TimerScope;
  /** Called when a message is over, with how. */
  onFinished: (message: Message, outcome: Outcome) => void = () => {};

  readonly #options: EngineOptions;
  readonly #hostBlocks = new HostBlocks();
  readonly #caller: Caller;
  readonly #entrance: Entrance;
  readonly #inFlight = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.timers = new TimerScope(options.clock);
    this.#caller = new Caller({ ...options, timers: this.timers });
    this.queues = new Queues(options.plan);
    this.deadLetters = new DeadLetters(options.plan.deadLetterRetentionMs);
    this.log = new EventLog(options.plan.logRetentionMs);
    this.dispatcher = new Dispatcher({
      queues: this.queues,
      flowControl: this.flowControl,
      hostBlocks: this.#hostBlocks,
      timers: this.timers,
      parallelism: options.plan.parallelism,
      start: (message) => this.#start(message),
    });
    this.#entrance = createEntrance({
      faults: options.faults,
      timers: this.timers,
      admit: (message) => this.#admit(message),
      lose: (message) => this.#finish(message, "lost"),
    });
  }

  /** Takes a message on. What is due at once is on its way when this returns. */
  accept(draft: MessageDraft): Message {
    const now = this.timers.now();
    const { settings, queueName } = draft;
    const message: Message = {
      ...draft,
      id: newId("msg"),
      createdAt: now,
      notBefore: settings.notBefore ?? now + settings.delayMs,
      retried: 0,
      cancelRequested: false,
      openCallbacks: 0,
      finished: false,
    };
    this.messages.add(message);
    this.stats.count(message.kind === "message" ? "published" : "callbacks");
    this.stats.bill(now);
    this.#write("CREATED", message);
    if (queueName !== undefined) this.queues.enter(queueName, { messageId: message.id, now });
    if (settings.flowControl !== undefined) this.flowControl.configure(settings.flowControl);
    this.#schedule(message, message.notBefore);
    return message;
  }

  /** Takes effect at the next delivery time; a call that is under way is not interrupted. */
  cancel(message: Message): void {
    message.cancelRequested = true;
    this.#write("CANCEL_REQUESTED", message);
    if (this.dispatcher.remove(message)) this.#finish(message, "canceled");
  }

  /** Resolves when no call to an endpoint is open. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.timers.cancelAll();
    this.#caller.abortAll();
    await this.idle();
  }

  #schedule(message: Message, time: number): void {
    if (this.#stopped) return;
    if (time <= this.timers.now()) this.#entrance.enter(message);
    else this.timers.at(time, () => this.#entrance.enter(message));
  }

  #admit(message: Message): void {
    if (message.cancelRequested) this.#finish(message, "canceled");
    else this.dispatcher.add(message);
  }

  #start(message: Message): void {
    this.#write("ACTIVE", message);
    if (message.retried > 0) {
      this.stats.count("retries");
      this.stats.bill(this.timers.now());
    }
    const attempt = this.#attempt(message).finally(() => this.#inFlight.delete(attempt));
    this.#inFlight.add(attempt);
  }

  async #attempt(message: Message): Promise<void> {
    const { faults } = this.#options;
    let result = await this.#call(message);
    if (!this.#stopped && faults.strike("crash-before-ack", message.url) !== undefined) {
      this.stats.count("doubledByFault");
      result = await this.#call(message);
    }
    if (!this.#stopped && isSuccess(result) && faults.strike("deliver-twice", message.url)) {
      this.stats.count("doubledByFault");
      await this.#call(message);
    }
    if (this.#stopped) return;
    this.dispatcher.ended(message);
    this.#noteHost(message, result);
    this.#settle(message, result);
    this.dispatcher.pump();
  }

  async #call(message: Message): Promise<DeliveryResult> {
    this.stats.count("attempts");
    return await this.#caller.call(message);
  }

  #settle(message: Message, result: DeliveryResult): void {
    const { settings } = message;
    if (isSuccess(result)) {
      this.#write("DELIVERED", message);
      this.#callBack(message, settings.callback, { result, kind: "callback" });
      this.#finish(message, "delivered");
      return;
    }
    this.#write("ERROR", message, { result });
    this.#callBack(message, settings.callback, { result, kind: "callback" });
    if (isNonRetryable(result) || message.retried >= settings.retries)
      this.#giveUp(message, result);
    else this.#retry(message, result);
  }

  #retry(message: Message, result: DeliveryResult): void {
    const now = this.timers.now();
    const delay = retryDelayMs({
      retried: message.retried,
      expression: message.settings.retryDelay,
      responseHeaders: result.kind === "answered" ? result.headers : {},
      now,
    });
    message.retried += 1;
    this.#write("RETRY", message, { nextDeliveryTime: now + delay });
    this.#schedule(message, now + delay);
  }

  #giveUp(message: Message, result: DeliveryResult): void {
    const { dlqId } = this.deadLetters.add(message, { result, now: this.timers.now() });
    this.#write("FAILED", message);
    const { failureCallback } = message.settings;
    this.#callBack(message, failureCallback, { result, kind: "failure-callback", dlqId });
    this.#finish(message, "failed");
  }

  #callBack(
    message: Message,
    callback: CallbackSettings | undefined,
    about: { result: DeliveryResult; kind: "callback" | "failure-callback"; dlqId?: string },
  ): void {
    if (callback === undefined) return;
    if (message.queueName !== undefined) message.openCallbacks += 1;
    this.accept({
      kind: about.kind,
      url: callback.url,
      settings: readMessageSettings(callback.headers),
      body: callbackBody(message, about),
      published: callback.headers,
      callerIp: message.callerIp,
      callbackOf: message.queueName === undefined ? undefined : message,
    });
  }

  #finish(message: Message, outcome: Outcome): void {
    message.finished = true;
    this.messages.remove(message);
    if (outcome === "canceled") this.#write("CANCELED", message);
    this.stats.count(outcome === "lost" ? "lostByFault" : outcome);
    this.#leaveQueue(message);
    const source = message.callbackOf;
    if (source !== undefined) {
      source.openCallbacks -= 1;
      this.#leaveQueue(source);
    }
    this.onFinished(message, outcome);
  }

  /** The place in the queue is kept until the callbacks are through. */
  #leaveQueue(message: Message): void {
    if (message.queueName === undefined || !message.finished || message.openCallbacks > 0) return;
    this.queues.leave(message.queueName, message.id);
    this.dispatcher.pump();
  }

  #noteHost(message: Message, result: DeliveryResult): void {
    const now = this.timers.now();
    const rule = this.#options.faults.find("host-block", message.url);
    if (result.kind === "answered") this.#hostBlocks.answered(message.url);
    else if (rule !== undefined && result.kind === "timed-out") {
      this.#hostBlocks.timedOut(message.url, { rule, now });
    }
  }

  #write(
    state: LogState,
    message: Message,
    more: Partial<Pick<LogEntry, "result" | "nextDeliveryTime">> = {},
  ): void {
    this.log.add({ time: this.timers.now(), state, message, ...more });
  }
}
