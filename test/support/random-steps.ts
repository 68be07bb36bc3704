/** Calls that several agents and an orchestrator may make, in any order, while time passes. */
import * as fc from "fast-check";
import { CATEGORIES, type Category } from "../../src/domain/failure.ts";

/** Any of those that there are, the first ones no more often than others. */
const anyOne = fc.noBias(fc.nat(1_000));

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ arbitrary: fc.constant(null), weight: 5 }, { arbitrary, weight: 1 });
}

const categories = Object.keys(CATEGORIES) as Category[];

const creation = fc.record({
  do: fc.constant("create" as const),
  priority: fc.nat(9),
  dependencies: fc.array(anyOne, { maxLength: 2 }),
  start: rarely(fc.nat(100)),
  deadline: rarely(fc.nat(400)),
  within: rarely(fc.nat(200)),
  attempts: fc.option(fc.integer({ min: 1, max: 4 })),
  long: fc.boolean(),
});

const poll = fc.record({
  do: fc.constant("poll" as const),
  agent: fc.noBias(fc.nat(2)),
  max_tasks: fc.noBias(fc.nat(3)),
  lease_seconds: fc.noBias(fc.integer({ min: 5, max: 120 })),
  instance: rarely(fc.constantFrom("one", "two")),
});

const submission = fc.record({
  do: fc.constant("submit" as const),
  lease: anyOne,
  status: fc.constantFrom("completed" as const, "failed" as const, "released" as const),
  category: fc.constantFrom(...categories),
  retry_after: rarely(fc.nat(30)),
  poll_next: fc.boolean(),
  large: fc.boolean(),
});

const control = fc.record({
  do: fc.constant("control" as const),
  action: fc.constantFrom(
    "cancel" as const,
    "retry" as const,
    "discard" as const,
    "promote_late_result" as const,
    "set_priority" as const,
  ),
  tasks: fc.array(anyOne, { minLength: 1, maxLength: 4 }),
  /** All with one code, or a whole run, where the action can. */
  wide: fc.boolean(),
  error_code: fc.constantFrom("deadline", "start_timeout", "invalid_input", "permission"),
  priority: fc.nat(9),
});

const others = {
  heartbeat: fc.record({
    do: fc.constant("heartbeat" as const),
    lease: anyOne,
    progress: fc.nat(100),
  }),
  note: fc.record({
    do: fc.constant("note" as const),
    lease: anyOne,
    ttl: fc.option(fc.nat(50)),
  }),
  advance: fc.record({
    do: fc.constant("advance" as const),
    seconds: fc.noBias(fc.nat(60)),
  }),
  read: fc.record({ do: fc.constant("read" as const), task: anyOne }),
  tick: fc.record({ do: fc.constant("tick" as const), late: fc.boolean() }),
  breaker: fc.record({
    do: fc.constant("breaker" as const),
    state: fc.constantFrom("open" as const, "closed" as const, "auto" as const),
  }),
  retire: fc.record({ do: fc.constant("retire" as const), days: fc.constantFrom(1, 8) }),
};

export const anyStep = fc.oneof(
  { arbitrary: creation, weight: 12 },
  { arbitrary: poll, weight: 16 },
  { arbitrary: submission, weight: 16 },
  { arbitrary: control, weight: 8 },
  { arbitrary: others.heartbeat, weight: 5 },
  { arbitrary: others.note, weight: 2 },
  { arbitrary: others.advance, weight: 9 },
  { arbitrary: others.read, weight: 2 },
  { arbitrary: others.tick, weight: 3 },
  { arbitrary: others.breaker, weight: 1 },
  { arbitrary: others.retire, weight: 1 },
);

export type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
