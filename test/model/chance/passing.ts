/** How time passes, who is called when it has, and what arrives again. */
import * as fc from "fast-check";
import { recent } from "./chance.ts";

export const tick = fc.record({
  do: fc.constant("tick" as const),
  which: fc.constantFrom("armed" as const, "armed" as const, "old" as const, "watchdog" as const),
  limit: fc.constantFrom(100, 1),
  last: fc.boolean(),
  resend: fc.boolean(),
});

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

export const pass = fc.record({
  do: fc.constant("pass" as const),
  ms: fc.constantFrom(
    1,
    1_000,
    7_000,
    61_000,
    5 * MINUTE,
    11 * MINUTE,
    61 * MINUTE,
    DAY,
    8 * DAY,
    31 * DAY,
  ),
});

export const passToTimer = fc.record({
  do: fc.constant("pass to timer" as const),
  offset: fc.constantFrom(0, 1, -1, 20_000),
});

export const resend = fc.record({
  do: fc.constant("resend" as const),
  call: recent,
  anew: fc.boolean(),
});

export const retire = fc.record({
  do: fc.constant("retire" as const),
  days: fc.constantFrom(0, 8, 31),
  cut: fc.boolean(),
});
