// The time that the local QStash schedules by: the real one, or one that moves only when told to.

import { Agenda, type Timer } from "./agenda.ts";

type AdvanceOptions = {
  /**
   * Whether to wait for deliveries in flight before each step (default true). Pass false where an
   * endpoint holds its answer on purpose, for instance to let a time-out strike.
   */
  readonly wait?: boolean;
};

export type Clock = {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `run` once the clock moves to `time` (unix milliseconds) or beyond, never within this call. */
  at(time: number, run: () => void): Timer;
  /**
   * Moves the clock forward by `ms`, stopping at each due time on the way, in order. Resolves when
   * what became due has run and, unless told not to wait, every delivery it caused has settled.
   */
  advance(ms: number, options?: AdvanceOptions): Promise<void>;
  /** Registers what `advance` waits for between two steps; the result takes it back. */
  settleWith(settle: () => Promise<void>): () => void;
  /** Forgets everything scheduled and leaves no timer behind. */
  stop(): void;
};

/** Follows the machine's clock; `advance` jumps ahead of it and stays ahead. */
export function realClock(): Clock {
  return new MovableClock(Date.now, true);
}

/** Stands still between two calls of `advance`. Starts at `startMs` (unix milliseconds). */
export function manualClock(startMs: number = Date.now()): Clock {
  return new MovableClock(() => startMs, false);
}

/** The longest wait setTimeout can express. */
const longestTimeoutMs = 2 ** 31 - 1;

class MovableClock implements Clock {
  readonly #agenda = new Agenda();
  readonly #settlers = new Set<() => Promise<void>>();
  readonly #base: () => number;
  readonly #ticks: boolean;
  #skew = 0;
  #timeout: NodeJS.Timeout | undefined;

  constructor(base: () => number, ticks: boolean) {
    this.#base = base;
    this.#ticks = ticks;
  }

  now(): number {
    return this.#base() + this.#skew;
  }

  at(time: number, run: () => void): Timer {
    const timer = this.#agenda.add(time, run);
    this.#arm();
    return timer;
  }

  async advance(ms: number, { wait = true }: AdvanceOptions = {}): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new RangeError(`A clock advances by 0 ms or more, not by ${ms}.`);
    }
    const target = this.now() + ms;
    for (;;) {
      if (wait) await this.#settle();
      const due = this.#agenda.next();
      if (due === undefined || due > target) break;
      this.#moveTo(due);
      this.#runDue(due);
    }
    this.#moveTo(target);
    this.#arm();
  }

  settleWith(settle: () => Promise<void>): () => void {
    this.#settlers.add(settle);
    return () => this.#settlers.delete(settle);
  }

  stop(): void {
    this.#agenda.clear();
    clearTimeout(this.#timeout);
  }

  async #settle(): Promise<void> {
    for (const settle of this.#settlers) await settle();
  }

  #moveTo(time: number): void {
    const behind = time - this.now();
    if (behind > 0) this.#skew += behind;
  }

  /** Runs what is due at `time`; what that adds for the same time or earlier runs too. */
  #runDue(time: number): void {
    for (;;) {
      const entry = this.#agenda.takeDue(time);
      if (entry === undefined) return;
      entry.run();
    }
  }

  #arm(): void {
    if (!this.#ticks) return;
    clearTimeout(this.#timeout);
    const due = this.#agenda.next();
    if (due === undefined) return;
    const wait = Math.min(Math.max(due - this.now(), 0), longestTimeoutMs);
    this.#timeout = setTimeout(() => {
      this.#runDue(this.now());
      this.#arm();
    }, wait);
  }
}
