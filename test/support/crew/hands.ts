/** What a scripted agent has: a way to call, to wait, and a chance of its own. Scripts know neither clock nor network. */
import { z } from "zod";
import type { Body, Outcome } from "../seen-call.ts";
import type { Chance } from "../seeded.ts";

export interface Hands {
  readonly name: string;
  readonly chance: Chance;
  readonly call: (tool: string, args: Body) => Promise<Outcome>;
  readonly sleep: (seconds: number) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
  /** Whether to go on. */
  readonly going: () => boolean;
  readonly mood: Mood;
}

/** How a crew works at present. */
export interface Mood {
  /** Does what it is given, at once and well; else it also fails, forgets, dies and answers late. */
  faithful: boolean;
  /** How much of it goes wrong on top of that, from 0 to 1: enough of it opens circuit breakers. */
  readonly sickness: number;
  /** Seconds by which everything is measured: leases, pauses, work. */
  readonly pace: number;
}

const leased = z.looseObject({
  lease: z.string(),
  lease_seconds: z.int(),
  task_description: z.string(),
});

export type Leased = z.infer<typeof leased>;

/** The tasks that a reply hands out. */
export function tasksIn(outcome: Outcome): Leased[] {
  if (!("said" in outcome)) return [];
  const { tasks, next } = outcome.said;
  return z.array(leased).parse(tasks ?? (Array.isArray(next) ? next : []));
}

/** Sends again what got no answer, as a careful client does. */
export async function insist(
  { call, sleep, mood, going }: Hands,
  tool: string,
  args: Body,
): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await call(tool, args);
    if (!("lost" in outcome) || attempt === ATTEMPTS || !going()) return outcome;
    await sleep(mood.pace / 10);
  }
}

const ATTEMPTS = 4;
