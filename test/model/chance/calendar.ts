/** What the calendar brings into sequences: schedules, and Workers that fire them, each step of which may be the last. */
import * as fc from "fast-check";
import { type Command } from "../commands.ts";

/** Where lanes are few, one for an assignee may be one too many, and the time passes without a run. */
const plain = fc.record(
  {
    type: fc.nat(1),
    priority: fc.constant(5),
    own: fc.constant([]),
    old: fc.constant([]),
    assignee: fc.nat(3),
  },
  { requiredKeys: ["type", "priority", "own", "old"] },
);

const overlap = fc.constantFrom("skip" as const, "queue" as const);
const key = fc.nat(1);
const schedule: fc.Arbitrary<Command> = fc.record(
  {
    do: fc.constant("schedule" as const),
    cron: fc.nat(2),
    on_overlap: overlap,
    tasks: fc.array(plain, { minLength: 1, maxLength: 2 }),
    key,
  },
  { requiredKeys: ["do", "cron", "tasks"] },
);

const fire: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("fire" as const),
  pick: fc.nat(2),
  anew: fc.oneof(
    { weight: 2, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  last: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

const unschedule: fc.Arbitrary<Command> = fc.record({
  do: fc.constant("unschedule" as const),
  pick: fc.nat(2),
});

export const byTheCalendar = fc.oneof(
  { weight: 3, arbitrary: schedule },
  { weight: 8, arbitrary: fire },
  { weight: 1, arbitrary: unschedule },
);

/** A schedule from the start, and mostly what is done about it. */
export function calendarOf(others: fc.Arbitrary<Command>): fc.Arbitrary<Command[]> {
  const then = fc.array(
    fc.oneof({ weight: 5, arbitrary: fire }, { weight: 6, arbitrary: others }, unschedule),
    { minLength: 10, maxLength: 40, size: "max" },
  );
  return fc.tuple(schedule, then).map(([first, rest]) => rest.toSpliced(0, 0, first));
}
