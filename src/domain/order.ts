/** The line that every task stands in: where it stands decides who gets it, and when a timer looks at it. */

/** One priority step is worth this much waiting: priority 0 overtakes 9 by 18 minutes at most, so nothing starves. */
export const PRIORITY_STEP_MS = 120_000;

/**
 * Width of one lane in the line, in milliseconds: 2^42 ms reach to the year 2109, and 2^11 lanes of that width still
 * are exact in the 53 bits of a sorted-set score.
 */
export const LANE_WIDTH = 2 ** 42;

/** A task that is parked stands in the twin of its lane, in the same order. Lanes are fewer, and 2^11 of them fit. */
export const PARKED_LANES = 2 ** 10;

/** Timers stand below zero: a score of `time - TIMER_OFFSET`, so that the earliest deadline is the lowest score of all. */
export const TIMER_OFFSET = 2 ** 43;

export const DEFAULT_PRIORITY = 5;

/** The place among the tasks of a lane, in milliseconds: fixed when the task first becomes ready, and kept on requeue. */
export function claimOrder(readySinceMs: number, priority: number): number {
  return readySinceMs + priority * PRIORITY_STEP_MS;
}
