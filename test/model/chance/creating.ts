/** How tasks come: in one call, or staged in several. */
import * as fc from "fast-check";
import { compact, rarely, recent } from "./chance.ts";
import { task } from "./tasks.ts";

export const create = fc
  .record({
    do: fc.constant("create" as const),
    tasks: fc.oneof(
      { weight: 3, arbitrary: fc.array(task, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(task, { minLength: 2, maxLength: 5, size: "max" }) },
    ),
    shape: fc.constantFrom("free" as const, "fan" as const, "chain" as const, "tree" as const),
    join: fc.option(recent, { nil: undefined }),
    key: rarely(fc.nat(1)),
    lease: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: recent },
    ),
  })
  .map(compact);

export const stage = fc
  .record({
    do: fc.constant("stage" as const),
    tasks: fc.array(task, { minLength: 1, maxLength: 6, size: "max" }),
    shape: fc.constantFrom("free" as const, "fan" as const, "chain" as const, "tree" as const),
    key: rarely(fc.nat(1)),
  })
  .map(compact);

export const stageOn = fc.record({
  do: fc.constant("stage on" as const),
  pick: recent,
  early: fc.constantFrom(false, false, false, true),
});
