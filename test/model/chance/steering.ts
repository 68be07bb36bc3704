/** What those do who steer: tasks, runs and breakers. */
import * as fc from "fast-check";
import { compact, rarely, recent } from "./chance.ts";

export const control = fc
  .record({
    do: fc.constant("control" as const),
    action: fc.constantFrom(
      "cancel" as const,
      "retry" as const,
      "retry" as const,
      "discard" as const,
      "answer" as const,
      "answer" as const,
      "message" as const,
      "message" as const,
      "promote_late_result" as const,
      "set_priority" as const,
    ),
    target: fc.oneof(
      { weight: 4, arbitrary: fc.constant("fit" as const) },
      {
        weight: 3,
        arbitrary: fc.constantFrom("task" as const, "tasks" as const, "code" as const),
      },
    ),
    pick: recent,
    priority: fc.constantFrom(0, 5, 9),
    key: rarely(fc.nat(1)),
    late: fc.constantFrom("fit" as const, "fit" as const, "unfit" as const, "unknown" as const),
    changes: rarely(
      fc.constantFrom("deadline" as const, "no backoff" as const, "payload" as const),
    ),
  })
  .map(compact);

export const cancelRun = fc.record({ do: fc.constant("cancel run" as const), pick: recent });

export const force = fc
  .record({
    do: fc.constant("force" as const),
    breaker: fc.constantFrom("type" as const, "agent" as const),
    pick: fc.nat(3),
    state: rarely(fc.constantFrom("open" as const, "closed" as const)),
  })
  .map(compact);
