import * as fc from "fast-check";
import { type Command } from "../commands.ts";

/** Many tasks of one lane, most of which are soon for others first, or never for whoever has made them. */
export function crowdOf(others: fc.Arbitrary<Command>): fc.Arbitrary<Command[]> {
  const tasks = fc.array(
    fc.record({
      type: fc.constant(0),
      priority: fc.constantFrom(5, 5, 0),
      own: fc.constant([]),
      old: fc.constant([]),
      review: fc.constantFrom({ type: 0, max_rounds: 2 }),
    }),
    { minLength: 4, maxLength: 8 },
  );
  const then = fc.array(others, { minLength: 10, maxLength: 40, size: "max" });
  return fc.tuple(tasks, then).map(([tasks, then]) => {
    const all: Command[] = [{ do: "create", tasks, shape: "free" }];
    all.push(...then);
    return all;
  });
}
