// Limits calls per flow-control key: how many at once, and how many per period.

import type { FlowLimits } from "./flow-control-value.ts";

/** Whether a call may begin now; if not, when it is worth asking again (unix milliseconds). */
export type Permission = { readonly allowed: boolean; readonly askAgainAt?: number };

type KeyState = {
  parallelism: number | undefined;
  rate: number | undefined;
  periodMs: number;
  periodStart: number;
  begunInPeriod: number;
  open: number;
  paused: boolean;
  pinnedParallelism: boolean;
  pinnedRate: boolean;
};

export class FlowControl {
  readonly #keys = new Map<string, KeyState>();

  /** The limits of the newest message hold, except those that are pinned. */
  configure(limits: FlowLimits): void {
    const state = this.#stateOf(limits.key);
    if (!state.pinnedParallelism) state.parallelism = limits.parallelism;
    if (!state.pinnedRate) {
      state.rate = limits.rate;
      state.periodMs = limits.periodMs;
    }
  }

  permission(key: string, now: number): Permission {
    const state = this.#stateOf(key);
    if (state.paused) return { allowed: false };
    if (state.parallelism !== undefined && state.open >= state.parallelism)
      return { allowed: false };
    const periodEnd = state.periodStart + state.periodMs;
    if (state.rate === undefined || now >= periodEnd || state.begunInPeriod < state.rate) {
      return { allowed: true };
    }
    return { allowed: false, askAgainAt: periodEnd };
  }

  /** Counts a call that begins. */
  begin(key: string, now: number): void {
    const state = this.#stateOf(key);
    if (now >= state.periodStart + state.periodMs) {
      state.periodStart = now;
      state.begunInPeriod = 0;
    }
    state.begunInPeriod += 1;
    state.open += 1;
  }

  /** Counts a call whose answer came. */
  end(key: string): void {
    this.#stateOf(key).open -= 1;
  }

  setPaused(key: string, paused: boolean): void {
    this.#stateOf(key).paused = paused;
  }

  /** Pinning a rate starts its period anew, as documented. */
  pin(
    key: string,
    pinned: { parallelism?: number | undefined; rate?: number | undefined; periodMs: number },
  ): void {
    const state = this.#stateOf(key);
    if (pinned.parallelism !== undefined) {
      state.parallelism = pinned.parallelism;
      state.pinnedParallelism = true;
    }
    if (pinned.rate !== undefined) {
      state.rate = pinned.rate;
      state.periodMs = pinned.periodMs;
      state.pinnedRate = true;
      this.#endPeriod(state);
    }
  }

  /** The pinned limits hold on until a message brings others. */
  unpin(key: string, what: { parallelism: boolean; rate: boolean }): void {
    const state = this.#stateOf(key);
    if (what.parallelism) state.pinnedParallelism = false;
    if (what.rate) state.pinnedRate = false;
  }

  resetRate(key: string, now: number): void {
    const state = this.#stateOf(key);
    state.periodStart = now;
    state.begunInPeriod = 0;
  }

  keys(): string[] {
    return [...this.#keys.keys()];
  }

  /** How the API shows a key; `waiting` is the number of messages that wait for it. */
  view(key: string, waiting: number): Record<string, unknown> | undefined {
    const state = this.#keys.get(key);
    if (state === undefined) return undefined;
    return {
      flowControlKey: key,
      waitListSize: waiting,
      parallelismMax: state.parallelism ?? 0,
      parallelismCount: state.open,
      rateMax: state.rate ?? 0,
      rateCount: state.begunInPeriod,
      ratePeriod: state.periodMs / 1_000,
      ratePeriodStart: Math.max(0, Math.floor(state.periodStart / 1_000)),
      isPaused: state.paused,
      isPinnedParallelism: state.pinnedParallelism,
      isPinnedRate: state.pinnedRate,
    };
  }

  #endPeriod(state: KeyState): void {
    state.periodStart = Number.NEGATIVE_INFINITY;
    state.begunInPeriod = 0;
  }

  #stateOf(key: string): KeyState {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const state: KeyState = {
      parallelism: undefined,
      rate: undefined,
      periodMs: 1_000,
      periodStart: Number.NEGATIVE_INFINITY,
      begunInPeriod: 0,
      open: 0,
      paused: false,
      pinnedParallelism: false,
      pinnedRate: false,
    };
    this.#keys.set(key, state);
    return state;
  }
}
