// Named queues: who is next, and how many of the first may be on their way at once.

import { badRequest, overLimit } from "./api-error.ts";
import type { Plan } from "./plan.ts";

type Queue = {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  parallelism: number;
  paused: boolean;
  /** Ids of unfinished messages in the order of arrival. */
  line: string[];
};

export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Creates or changes a queue; what is not given stays, or is 1 and not paused. */
  upsert(
    name: string,
    change: { parallelism?: number | undefined; paused?: boolean | undefined; now: number },
  ): void {
    if (change.parallelism !== undefined && change.parallelism > this.#plan.queueParallelism) {
      throw overLimit(
        `queue parallelism ${change.parallelism} exceeds the plan's ${this.#plan.queueParallelism}`,
      );
    }
    const queue = this.#queues.get(name) ?? this.#create(name, change.now);
    queue.updatedAt = change.now;
    queue.parallelism = change.parallelism ?? queue.parallelism;
    queue.paused = change.paused ?? queue.paused;
  }

  enter(name: string, { messageId, now }: { messageId: string; now: number }): void {
    const queue = this.#queues.get(name) ?? this.#create(name, now);
    queue.line.push(messageId);
  }

  /** Whether a message is near enough to the head to be sent. */
  mayRun(name: string, messageId: string): boolean {
    const queue = this.#queues.get(name);
    if (queue === undefined || queue.paused) return false;
    const place = queue.line.indexOf(messageId);
    return place >= 0 && place < queue.parallelism;
  }

  leave(name: string, messageId: string): void {
    const queue = this.#queues.get(name);
    if (queue !== undefined) queue.line = queue.line.filter((id) => id !== messageId);
  }

  /** Gives the ids that were still in line. */
  delete(name: string): readonly string[] {
    const line = this.#queues.get(name)?.line ?? [];
    this.#queues.delete(name);
    return line;
  }

  list(): Record<string, unknown>[] {
    return [...this.#queues.values()].map(view);
  }

  get(name: string): Record<string, unknown> | undefined {
    const queue = this.#queues.get(name);
    return queue === undefined ? undefined : view(queue);
  }

  #create(name: string, now: number): Queue {
    if (!/^[A-Za-z0-9._-]+$/.test(name)) {
      throw badRequest(
        "invalid queue name: only letters, digits, hyphens, periods and underscores are allowed",
      );
    }
    if (this.#queues.size >= this.#plan.queues) {
      throw overLimit(`exceeded the maximum of ${this.#plan.queues} queues of the plan`);
    }
    const queue = { name, createdAt: now, updatedAt: now, parallelism: 1, paused: false, line: [] };
    this.#queues.set(name, queue);
    return queue;
  }
}

function view(queue: Queue): Record<string, unknown> {
  const { line, ...shown } = queue;
  return { ...shown, lag: line.length };
}
