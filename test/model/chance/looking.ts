/** Shared state, written and read, and who looks at what. */
import * as fc from "fast-check";
import { compact, rarely, recent } from "./chance.ts";

export const write = fc
  .record({
    do: fc.constant("write" as const),
    name: fc.nat(2),
    scope: rarely(recent),
    version: fc.option(fc.constantFrom("right" as const, "wrong" as const, "none" as const), {
      nil: undefined,
    }),
    ttl_seconds: fc.option(fc.constantFrom(5, 4_000), { nil: undefined }),
    lease: rarely(recent),
    key: rarely(fc.nat(1)),
  })
  .map(compact);

export const readState = fc
  .record({
    do: fc.constant("read state" as const),
    name: rarely(fc.nat(2)),
    lease: rarely(recent),
  })
  .map(compact);

export const look = fc.record({
  do: fc.constant("look" as const),
  at: fc.constantFrom(
    "record" as const,
    "letters" as const,
    "agents" as const,
    "breakers" as const,
    "wait" as const,
    "wait" as const,
    "why" as const,
    "schedules" as const,
  ),
  pick: recent,
});
