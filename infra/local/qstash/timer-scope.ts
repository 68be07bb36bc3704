// The timers of one server on a clock that others may share, so that a stop takes back only its own.

import type { Timer } from "./agenda.ts";
import type { Clock } from "./clock.ts";

export class TimerScope {
  readonly #clock: Clock;
  readonly #timers = new Map<Timer, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Runs `run` at `time` (unix milliseconds); a time that has passed counts as the next moment. */
  at(time: number, run: () => void): Timer {
    const timer = this.#clock.at(time, () => {
      this.#timers.delete(own);
      run();
    });
    const own: Timer = {
      cancel: () => {
        this.#timers.delete(own);
        timer.cancel();
      },
    };
    this.#timers.set(own, time);
    return own;
  }

  /** The earliest time for which something is scheduled. */
  next(): number | undefined {
    return this.#timers.size === 0 ? undefined : Math.min(...this.#timers.values());
  }

  cancelAll(): void {
    for (const timer of this.#timers.keys()) timer.cancel();
  }
}
