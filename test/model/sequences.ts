/** How sequences come about by chance: mostly what callers do, sometimes what only a broken one would. */
import * as fc from "fast-check";
import { byTheCalendar, calendarOf } from "./chance/calendar.ts";
import { create, stage, stageOn } from "./chance/creating.ts";
import { crowdOf } from "./chance/crowd.ts";
import { look, readState, write } from "./chance/looking.ts";
import { pass, passToTimer, resend, retire, tick } from "./chance/passing.ts";
import { cancelRun, control, force } from "./chance/steering.ts";
import { beat, poll, restart, sleep, submit } from "./chance/working.ts";
import type { Command, Ending } from "./commands.ts";

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 14, arbitrary: create },
  { weight: 3, arbitrary: stage },
  { weight: 9, arbitrary: stageOn },
  { weight: 18, arbitrary: poll },
  { weight: 6, arbitrary: beat },
  { weight: 20, arbitrary: submit },
  { weight: 9, arbitrary: control },
  { weight: 3, arbitrary: cancelRun },
  { weight: 4, arbitrary: write },
  { weight: 2, arbitrary: readState },
  { weight: 4, arbitrary: look },
  { weight: 4, arbitrary: tick },
  { weight: 1, arbitrary: force },
  { weight: 2, arbitrary: retire },
  { weight: 1, arbitrary: fc.constant<Command>({ do: "sent" }) },
  { weight: 5, arbitrary: pass },
  { weight: 10, arbitrary: passToTimer },
  { weight: 5, arbitrary: resend },
  { weight: 2, arbitrary: restart },
  { weight: 14, arbitrary: sleep },
  { weight: 4, arbitrary: byTheCalendar },
);

const crowd = crowdOf(
  fc.oneof(
    { weight: 4, arbitrary: poll },
    { weight: 6, arbitrary: submit },
    { weight: 1, arbitrary: create },
    { weight: 1, arbitrary: control },
    { weight: 1, arbitrary: pass },
  ),
);

/** Runs by the calendar that end, or do not, before the next one. */
const calendar = calendarOf(
  fc.oneof(
    { weight: 4, arbitrary: passToTimer },
    { weight: 1, arbitrary: pass },
    { weight: 2, arbitrary: poll },
    { weight: 2, arbitrary: submit },
    { weight: 1, arbitrary: cancelRun },
    { weight: 1, arbitrary: tick },
    { weight: 1, arbitrary: look },
    { weight: 2, arbitrary: resend },
    { weight: 1, arbitrary: retire },
  ),
);

/** About 25 commands on average. */
export const sequences = fc.record({
  commands: fc.oneof(
    {
      weight: 9,
      arbitrary: fc.noBias(fc.array(command, { minLength: 1, maxLength: 50, size: "max" })),
    },
    { weight: 1, arbitrary: fc.noBias(crowd) },
    { weight: 1, arbitrary: fc.noBias(calendar) },
  ),
  ending: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Ending>("none") },
    { weight: 4, arbitrary: fc.constantFrom<Ending>("ticks", "watchdog", "traffic", "removal") },
  ),
});
