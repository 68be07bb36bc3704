/** Chance that repeats itself: everything drawn from one name is the same in every run. */

export interface Chance {
  /** From 0 up to 1. */
  readonly next: () => number;
  readonly happens: (probability: number) => boolean;
  /** A whole number between both, each included. */
  readonly whole: (from: number, to: number) => number;
  readonly oneOf: <T>(list: readonly T[]) => T;
  readonly bytes: (count: number) => Uint8Array;
}

/** A list to choose from in which each value stands as often as it says. */
export function inProportion<T>(...shares: readonly (readonly [times: number, value: T])[]): T[] {
  return shares.flatMap(([times, value]) => Array.from({ length: times }, () => value));
}

/** The generator is mulberry32, started from a hash of the name (FNV-1a). */
export function seeded(name: string): Chance {
  let state = hashOf(name);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    happens: (probability) => next() < probability,
    whole,
    oneOf: (list) => {
      const one = list[whole(0, list.length - 1)];
      if (one === undefined) throw new Error("nothing to choose from");
      return one;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => whole(0, 255)),
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}
