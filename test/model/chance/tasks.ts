/** Tasks as they are asked for by chance. */
import * as fc from "fast-check";
import type { RetryPolicy } from "../../../src/domain/failure.ts";
import type { TaskSpec } from "../commands.ts";
import { compact, rarely, recent } from "./chance.ts";

const policy = fc.constantFrom<RetryPolicy>(
  { max_attempts: 1 },
  { max_attempts: 2, initial_seconds: 0 },
  { max_attempts: 10, initial_seconds: 1, factor: 3, max_seconds: 5, jitter: "none" },
  { initial_seconds: 30, jitter: "full" },
);

export const task: fc.Arbitrary<TaskSpec> = fc
  .record({
    type: fc.nat(1),
    priority: fc.constantFrom(5, 0, 9),
    own: fc.oneof(fc.constant([]), fc.array(fc.nat(3), { maxLength: 2 })),
    old: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(recent, { maxLength: 2 }) },
    ),
    requires: rarely(fc.constantFrom(["gpu"], ["gpu", "node"])),
    assignee: rarely(fc.nat(3)),
    start_in: rarely(fc.constantFrom(5, 3_600, -1)),
    start_within_seconds: rarely(fc.constantFrom(30, 4_000)),
    deadline_in: rarely(fc.constantFrom(60, 20_000, 20_000, -1)),
    retry: fc.option(policy, { nil: undefined }),
    lease_seconds: rarely(fc.constantFrom(1, 30)),
    max_run_seconds: rarely(fc.constantFrom(40, 4_000)),
    trigger_rule: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom("all_done" as const, "one_failed" as const) },
    ),
    review: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.record({ type: fc.nat(1), max_rounds: fc.constantFrom(1, 2, 3) }),
      },
    ),
    schema: rarely(fc.constant(true as const)),
    delegation: rarely(
      fc.constantFrom<NonNullable<TaskSpec["delegation"]>>(
        {},
        { max_depth: 3, max_tasks: 4 },
        { max_depth: 1, agent_types: ["testing"] },
        { max_tasks: 2 },
        { max_depth: 0 },
      ),
    ),
    slots: fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          { locks: ["src/"] },
          { locks: ["src/a"] },
          { locks: ["src/a/x"] },
          { locks: ["src/a/", "src/b"] },
          { locks: ["docs", "src/b"] },
          { concurrency_key: "deploy" },
          { concurrency_key: "deploy", concurrency_limit: 2 },
          { concurrency_key: "deploy", locks: ["docs"] },
        ),
      },
    ),
  })
  .map(({ slots, ...rest }) => Object.assign(compact(rest), slots));
