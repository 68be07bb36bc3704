/**
 * The road between a Worker and Redis, on which a seed decides what becomes of each request. It stands where the real
 * transport's own re-sending stands, and re-sends like it: whatever got no answer, up to three more times.
 */
import type { Subscription } from "../../../src/store/subscription.ts";
import type { Transport } from "../../../src/store/transport.ts";
import type { Isolate } from "./isolate.ts";
import { drawFate, type Fate, type Plan } from "./plan.ts";
import type { Activity, World } from "./world.ts";

/** A real transport whose Redis can be made to forget its scripts. */
export interface RealTransport extends Transport {
  readonly forgetScripts: () => Promise<void>;
}

export interface Road {
  readonly world: World;
  readonly plan: Plan;
  readonly real: RealTransport;
  /** Counts what happened. */
  readonly note: (what: string) => void;
  /** Redis answered with an error, which no fault explains. */
  readonly complain: (what: string) => void;
}

/** As in `src/store/transport.ts`. */
const PAUSES_MS = [30, 200, 800];
const TIMEOUT_MS = 5_000;

/** What a request got that was not answered: the Worker throws it once it has given up. */
export class NoAnswer extends Error {
  constructor() {
    super("no answer from Redis");
    this.name = "NoAnswer";
  }
}

type Answer<T> = { readonly value: T } | { readonly error: unknown } | "none";

export function faultyTransport(
  road: Road,
  { activity, isolate }: { activity: Activity; isolate: Isolate },
): Transport {
  async function send<T>(execute: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const answer = await sendOnce(road, { activity, isolate, execute });
      if (answer !== "none") {
        if ("value" in answer) return answer.value;
        road.complain(String(answer.error));
        throw answer.error;
      }
      const pause = PAUSES_MS[attempt];
      if (pause === undefined) throw new NoAnswer();
      await road.world.wait(activity, pause);
    }
  }
  const { real, world } = road;
  return {
    // The first argument is the time, which Redis' own clock tells when it executes the script, and not before.
    run: (script, keys, args) =>
      send(() => real.run(script, keys, [String(world.now), ...args.slice(1)])),
    pipeline: (commands) => send(() => real.pipeline(commands)),
    unlink: (keys) => (keys.length === 0 ? Promise.resolve() : send(() => real.unlink(keys))),
    subscribe: (): Promise<Subscription> => Promise.reject(new Error("nobody waits in this world")),
  };
}

interface Request<T> {
  readonly activity: Activity;
  readonly isolate: Isolate;
  readonly execute: () => Promise<T>;
}

function sendOnce<T>(
  { world, plan, real, note }: Road,
  { activity, isolate, execute }: Request<T>,
): Promise<Answer<T>> {
  const { chance } = activity;
  const fate = drawFate(plan, chance);
  note(`redis ${fate}`);
  return world.answer(activity, (answer) => {
    const back = (value: Answer<T>): void =>
      world.after(latency(activity), chance, () => answer(value));
    const arrive = (ms: number, then: (value: Answer<T>) => void): void =>
      world.after(ms, chance, async () => then(await outcomeOf(execute)));
    const onTheWay = latency(activity);
    const ends: Record<Fate, () => void> = {
      pass: () => arrive(onTheWay, back),
      slow: () => arrive(chance.whole(500, TIMEOUT_MS - 500), back),
      "drop-request": () => world.after(lostAfter(activity), chance, () => answer("none")),
      refuse: () => back("none"),
      "drop-reply": () => {
        arrive(onTheWay, () => undefined);
        world.after(onTheWay + lostAfter(activity), chance, () => answer("none"));
      },
      double: () => {
        arrive(onTheWay, back);
        arrive(onTheWay + latency(activity) * chance.whole(0, 50), back);
      },
      overdue: () => {
        arrive(TIMEOUT_MS + chance.whole(0, 20_000), () => undefined);
        world.after(TIMEOUT_MS, chance, () => answer("none"));
      },
      cold: () =>
        world.after(onTheWay, chance, async () => {
          await real.forgetScripts();
          back(await outcomeOf(execute));
        }),
      "crash-before": () => world.after(0, chance, () => isolate.crash()),
      "crash-after": () => arrive(onTheWay, () => isolate.crash()),
    };
    ends[fate]();
  });
}

async function outcomeOf<T>(execute: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await execute() };
  } catch (error) {
    return { error };
  }
}

function latency({ chance }: Activity): number {
  return chance.happens(0.9) ? chance.whole(0, 20) : chance.whole(20, 400);
}

/** A connection that is closed is noticed at once; one that falls silent only by the time-out. */
function lostAfter({ chance }: Activity): number {
  return chance.happens(0.5) ? chance.whole(0, 20) : TIMEOUT_MS;
}
