// Publishes messages at the times of cron expressions.

import type { Timer } from "./agenda.ts";
import { ApiError, badRequest, notFound, overLimit } from "./api-error.ts";
import { type CronExpression, readCron } from "./cron.ts";
import type { Outcome } from "./engine.ts";
import { newId } from "./ids.ts";
import { bodyView, labelView, type Message } from "./message.ts";
import type { MessageSettings } from "./message-settings.ts";
import type { Plan } from "./plan.ts";
import type { Publish, Publisher } from "./publish.ts";
import { redactedBody, redactedHeaders } from "./redact.ts";
import type { TimerScope } from "./timer-scope.ts";

type Schedule = {
  readonly id: string;
  readonly cron: string;
  readonly expression: CronExpression;
  readonly createdAt: number;
  readonly publish: Publish;
  readonly settings: MessageSettings;
  paused: boolean;
  timer: Timer | undefined;
  next: number | undefined;
  last: number | undefined;
  /** Of the latest firings, by message id. */
  readonly states: Map<string, "IN_PROGRESS" | "SUCCESS" | "FAIL">;
};

const statesKept = 10;

export class Schedules {
  readonly #schedules = new Map<string, Schedule>();
  readonly #parts: { timers: TimerScope; publisher: Publisher; plan: Plan };

  constructor(parts: { timers: TimerScope; publisher: Publisher; plan: Plan }) {
    this.#parts = parts;
  }

  /** Creates a schedule, or replaces the one with this id. Gives the id. */
  create(request: { id?: string | undefined; cron: string | undefined; publish: Publish }): string {
    const { timers, publisher, plan } = this.#parts;
    const id = request.id ?? newId("scd");
    if (!/^[A-Za-z0-9._-]+$/.test(id)) {
      throw badRequest(
        "invalid schedule id: only letters, digits, hyphens, periods and underscores are allowed",
      );
    }
    if (request.cron === undefined) throw badRequest("Upstash-Cron is missing");
    const expression = readCron(request.cron);
    const settings = publisher.check(request.publish);
    const old = this.#schedules.get(id);
    if (old === undefined && this.#schedules.size >= plan.schedules) {
      throw overLimit(`exceeded the maximum of ${plan.schedules} schedules of the plan`);
    }
    old?.timer?.cancel();
    const schedule: Schedule = {
      id,
      cron: request.cron,
      expression,
      createdAt: timers.now(),
      publish: { ...request.publish, scheduleId: id },
      settings,
      paused: false,
      timer: undefined,
      next: undefined,
      last: undefined,
      states: new Map(),
    };
    this.#schedules.set(id, schedule);
    this.#arm(schedule);
    return id;
  }

  /** Throws ApiError 404 for an id that is not known. */
  get(id: string): Record<string, unknown> {
    return view(this.#find(id));
  }

  list(): Record<string, unknown>[] {
    return [...this.#schedules.values()].map(view);
  }

  /** Messages that were already published go their way. */
  delete(id: string): void {
    this.#find(id).timer?.cancel();
    this.#schedules.delete(id);
  }

  /** While paused, the times pass without a message. */
  setPaused(id: string, paused: boolean): void {
    this.#find(id).paused = paused;
  }

  messageFinished(message: Message, outcome: Outcome): void {
    const states = this.#schedules.get(message.scheduleId ?? "")?.states;
    if (states?.has(message.id) !== true) return;
    states.set(message.id, outcome === "delivered" ? "SUCCESS" : "FAIL");
  }

  #find(id: string): Schedule {
    const schedule = this.#schedules.get(id);
    if (schedule === undefined) throw notFound(`schedule ${id} not found`);
    return schedule;
  }

  #arm(schedule: Schedule): void {
    const { timers } = this.#parts;
    schedule.next = schedule.expression.next(timers.now());
    if (schedule.next === undefined) return;
    schedule.timer = timers.at(schedule.next, () => {
      if (!schedule.paused) this.#fire(schedule);
      this.#arm(schedule);
    });
  }

  #fire(schedule: Schedule): void {
    schedule.last = this.#parts.timers.now();
    for (const messageId of this.#publish(schedule)) schedule.states.set(messageId, "IN_PROGRESS");
    for (const messageId of schedule.states.keys()) {
      if (schedule.states.size > statesKept) schedule.states.delete(messageId);
    }
  }

  /** A firing that is refused (its URL group is gone, the day's limit reached) makes no message. */
  #publish(schedule: Schedule): string[] {
    try {
      const result = this.#parts.publisher.publish(schedule.publish);
      return ("messageId" in result ? [result] : result).map(({ messageId }) => messageId);
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  }
}

/** How the API shows a schedule (docs: REST API, Schedule). */
function view(schedule: Schedule): Record<string, unknown> {
  const { settings, publish } = schedule;
  const flow = settings.flowControl;
  return {
    scheduleId: schedule.id,
    cron: schedule.cron,
    createdAt: schedule.createdAt,
    destination: publish.destination,
    method: settings.method,
    header: redactedHeaders(settings.headers, settings.redaction),
    ...bodyView("body", redactedBody(publish.body, settings.redaction)),
    retries: settings.retries,
    retryDelayExpression: settings.retryDelay?.source,
    delay: settings.delayMs === 0 ? undefined : settings.delayMs / 1_000,
    callback: settings.callback?.url,
    failureCallback: settings.failureCallback?.url,
    callerIP: publish.callerIp,
    isPaused: schedule.paused,
    queueName: publish.queueName,
    flowControlKey: flow?.key,
    parallelism: flow?.parallelism,
    rate: flow?.rate,
    period: flow === undefined ? undefined : flow.periodMs / 1_000,
    ...labelView(settings.labels),
    lastScheduleTime: schedule.last,
    nextScheduleTime: schedule.next,
    lastScheduleStates: Object.fromEntries(schedule.states),
  };
}
