// Counts what the local QStash did, and what Upstash would bill for it.

export type QstashStats = {
  /** Messages accepted from publish, enqueue, batch, schedules and retried dead letters. */
  published: number;
  /** Callbacks and failure callbacks, each a message. */
  callbacks: number;
  /** Publishes answered with the id of an earlier message. */
  deduplicated: number;
  /** HTTP calls made to endpoints. */
  attempts: number;
  /** Attempts after the first of a message. */
  retries: number;
  delivered: number;
  /** Messages that became dead letters. */
  failed: number;
  canceled: number;
  /** Deliveries dropped or doubled by a fault. */
  lostByFault: number;
  doubledByFault: number;
  /**
   * Messages as billed: each message published, each callback, and each retry of either. Upstash's
   * pricing page says so in one place and that retries are free in another; this is the dearer
   * reading. Duplicates that a fault makes are not billed.
   */
  billed: number;
  /** The part of `billed` that fell on the current day (UTC), and that day. */
  billedToday: number;
  day: string;
};

export class StatsCounter {
  readonly stats: QstashStats = {
    published: 0,
    callbacks: 0,
    deduplicated: 0,
    attempts: 0,
    retries: 0,
    delivered: 0,
    failed: 0,
    canceled: 0,
    lostByFault: 0,
    doubledByFault: 0,
    billed: 0,
    billedToday: 0,
    day: "",
  };

  count(what: Exclude<keyof QstashStats, "billed" | "billedToday" | "day">): void {
    this.stats[what] += 1;
  }

  /** Counts one message as billed at `now` (unix milliseconds). */
  bill(now: number): void {
    this.#turnDay(now);
    this.stats.billed += 1;
    this.stats.billedToday += 1;
  }

  billedToday(now: number): number {
    this.#turnDay(now);
    return this.stats.billedToday;
  }

  #turnDay(now: number): void {
    const day = new Date(now).toISOString().slice(0, 10);
    if (day === this.stats.day) return;
    this.stats.day = day;
    this.stats.billedToday = 0;
  }
}
