/** Circuit breakers as callers see them. */
import type { Breaker } from "../store/replies.ts";
import type { Store } from "../store/store.ts";

/** All breakers that remember something, and the time of the reading in milliseconds. */
export interface Breakers {
  readonly now: number;
  readonly breakers: readonly Breaker[];
}

export async function breakersOf(store: Store): Promise<Breakers> {
  const reply = await store.breakers();
  if ("refused" in reply) throw new Error("a reading of breakers was refused");
  return reply.said;
}

export interface ShownBreaker {
  readonly [field: string]: unknown;
  readonly of: string;
  readonly state: string;
}

export function showBreakers({ now, breakers }: Breakers): ShownBreaker[] {
  return breakers.map(({ name, state, forced, until_ms, probe, failed }) => ({
    of: name.slice("breaker:".length),
    state,
    ...(forced && { forced }),
    ...(failed > 0 && { failed }),
    ...(probe !== undefined && { probe }),
    ...(state === "open" && until_ms !== undefined && { seconds_left: secondsLeft(until_ms, now) }),
  }));
}

/** One sentence for a task that waits because of a breaker, or nothing. */
export function breakerReason(
  { now, breakers }: Breakers,
  { agent_type, assignee }: { agent_type: string; assignee?: string | undefined },
): string | undefined {
  const breaker = breakers.find(
    ({ name, state }) =>
      state !== "closed" &&
      (name === `breaker:type:${agent_type}` || name === `breaker:agent:${assignee}`),
  );
  if (!breaker) return undefined;
  const whose = breaker.name.slice("breaker:".length).replace(":", " ");
  if (breaker.forced) {
    return `The circuit breaker of ${whose} is held open by hand: set_breaker with state auto lets it go.`;
  }
  if (breaker.state === "half_open") {
    return `The circuit breaker of ${whose} is half-open: ${breaker.probe ?? "the next task"} probes.`;
  }
  const left = secondsLeft(breaker.until_ms ?? now, now);
  return `The circuit breaker of ${whose} is open after repeated failures; a probe follows in ${left} s. Look at its dead letters.`;
}

function secondsLeft(until_ms: number, now: number): number {
  return Math.max(0, Math.ceil((until_ms - now) / 1000));
}
