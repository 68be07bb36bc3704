/** What workers do, and what only a broken one would. */
import * as fc from "fast-check";
import { CATEGORIES, type Category } from "../../../src/domain/failure.ts";
import { compact, rarely, recent } from "./chance.ts";

export const poll = fc
  .record({
    do: fc.constant("poll" as const),
    agent: fc.nat(3),
    max_tasks: fc.constantFrom(1, 3, 2, 0),
    lease_seconds: fc.constantFrom(0, 60, 5, 3_600),
    wait_ms: fc.constantFrom(0, 30_000),
    wait: rarely(fc.constantFrom("begins" as const, "goes on" as const)),
    capabilities: rarely(fc.constantFrom([], ["gpu"], ["gpu", "node"])),
    change: rarely(fc.constantFrom("key" as const, "type" as const, "no type" as const)),
    instance: fc.option(fc.nat(2), { nil: undefined, freq: 2 }),
  })
  .map(compact);

const forgery = fc.oneof(
  { weight: 14, arbitrary: fc.constant("true" as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("check" as const, "attempt" as const, "key" as const),
  },
);

export const beat = fc
  .record({
    do: fc.constant("beat" as const),
    lease: recent,
    forgery,
    progress: fc.option(fc.constantFrom(10, 80), { nil: undefined }),
    message: rarely(fc.constantFrom("halfway", "nearly")),
  })
  .map(compact);

export const submit = fc
  .record({
    do: fc.constant("submit" as const),
    lease: recent,
    forgery,
    status: fc.oneof(
      { weight: 4, arbitrary: fc.constant("completed" as const) },
      { weight: 5, arbitrary: fc.constant("failed" as const) },
      { weight: 2, arbitrary: fc.constant("released" as const) },
      { weight: 2, arbitrary: fc.constant("needs_input" as const) },
      { weight: 4, arbitrary: fc.constant("waiting" as const) },
    ),
    category: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom("agent_error" as const, "rate_limited" as const),
      },
      { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(CATEGORIES) as Category[])) },
    ),
    code: rarely(fc.constantFrom("disk|full", "disk")),
    retry_after_ms: fc.constantFrom(0, 0, 5_000, 3_600_000),
    result: fc.constantFrom("", `{"done":true}`, `"né"`),
    usage: rarely(
      fc.constantFrom<readonly (readonly [string, number])[]>(
        [["input_tokens", 1_000]],
        [
          ["cost_usd", 0.1],
          ["input_tokens", 7],
          ["output_tokens", 3],
        ],
      ),
    ),
    passed: fc.boolean(),
    checked: fc.constantFrom(true, true, true, false),
    poll_next: fc.boolean(),
  })
  .map(compact);

export const sleep = fc
  .record({
    do: fc.constant("sleep" as const),
    agent: fc.nat(3),
    max_tasks: fc.constantFrom(1, 1, 3),
    capabilities: fc.option(fc.constantFrom(["gpu"], ["gpu", "node"]), { nil: undefined }),
    hears: fc.constantFrom(true, true, true, false),
  })
  .map(compact);

export const restart = fc.record({ do: fc.constant("restart" as const), agent: fc.nat(3) });
