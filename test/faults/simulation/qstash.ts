/**
 * The road between a Worker and QStash, and QStash at its end: messages are lost, doubled, late and out of order, a
 * delivery that fails is tried again, and what was given up is told to the failure callback.
 */
import type { Scheduler, Tick } from "../../../src/scheduler/scheduler.ts";
import { type Chance, seeded } from "../../support/seeded.ts";
import { drawDelivery, type Plan } from "./plan.ts";
import type { Activity, World } from "./world.ts";

/** Calls one of the Worker's callbacks with this body; whether it answered that all is well. */
export type Callback = (name: "tick" | "watchdog" | "failed", body: unknown) => Promise<boolean>;

export interface QstashRoad {
  readonly world: World;
  readonly plan: Plan;
  readonly callback: Callback;
  readonly note: (what: string) => void;
}

/** As in `src/scheduler/again.ts` and `DELIVERY` in `src/scheduler/scheduler.ts`. */
const PAUSES_MS = [200, 1_000, 3_000];
const RETRY_PAUSES_MS = [1_000, 2_000, 4_000];
const MARGIN_MS = 1_000;

const WATCHDOG_MS = 300_000;
const LATE_MS = 3_600_000;
const TIMEOUT_MS = 5_000;

export interface FaultyQstash {
  /** What the Worker has for a scheduler while it serves the call of this activity. */
  readonly schedulerOf: (activity: Activity) => Scheduler;
  /** Starts the schedule that looks at all projects each five minutes, for as long as `going` says so. */
  readonly watch: (going: () => boolean) => void;
}

export function faultyQstash(road: QstashRoad): FaultyQstash {
  const { world, plan, callback, note } = road;
  const taken = new Set<number>();
  let messages = 0;

  /** One attempt to publish; whether QStash's answer arrived. */
  async function publish(activity: Activity, tick: Tick): Promise<boolean> {
    const { chance } = activity;
    const fate = drawDelivery(plan, chance, ["lost", "refused", "reply-lost"]);
    note(`publish ${fate}`);
    return world.answer(activity, (answer) => {
      const after = (ms: number, arrived: boolean): void =>
        world.after(ms, chance, () => answer(arrived));
      if (fate === "lost") return after(TIMEOUT_MS, false);
      if (fate === "refused") return after(chance.whole(5, 50), false);
      world.after(chance.whole(1, 30), chance, () => {
        accept(tick);
        after(fate === "pass" ? chance.whole(1, 30) : TIMEOUT_MS, fate === "pass");
      });
    });
  }

  /** A second publish with the same deduplication id is answered like the first, and makes no message. */
  function accept(tick: Tick): void {
    if (taken.has(tick.generation) || !plan.ticks) return;
    taken.add(tick.generation);
    const chance = seeded(`${world.seed} message ${++messages}`);
    const due = Math.ceil(tick.wait_ms / 1000) * 1000 + MARGIN_MS;
    const fate = drawDelivery(plan, chance, ["lost", "doubled", "late"]);
    note(`deliver ${fate}`);
    const late = fate === "late" ? chance.whole(1_000, LATE_MS) : chance.whole(0, 500);
    const { project, generation } = tick;
    const deliver = (ms: number): void =>
      world.after(ms, chance, () => void attempt({ chance, body: { project, generation } }, 0));
    if (fate !== "lost") deliver(due + late);
    if (fate === "doubled") {
      deliver(due + chance.whole(0, LATE_MS));
      deliver(due + chance.whole(0, 10_000));
    }
  }

  async function attempt(
    message: { readonly chance: Chance; readonly body: object },
    nth: number,
  ): Promise<void> {
    if (await callback("tick", message.body)) return;
    const pause = RETRY_PAUSES_MS[nth];
    note(pause === undefined ? "given up" : "tried again");
    if (pause === undefined) await callback("failed", failureOf(message.body, ++messages));
    else world.after(pause, message.chance, () => void attempt(message, nth + 1));
  }

  return {
    schedulerOf: (activity) => ({
      sendTick: async (tick) => {
        for (const pause of [...PAUSES_MS, undefined]) {
          if (await publish(activity, tick)) return true;
          if (pause !== undefined) await world.wait(activity, pause);
        }
        return false;
      },
      // Webhooks have tests of their own.
      sendAttempts: () => Promise.resolve(true),
      sendRest: () => Promise.resolve(true),
      verify: () => Promise.resolve({ ok: true }),
      state: () => Promise.resolve({ ok: true }),
    }),
    watch: (going) => {
      const chance = seeded(`${world.seed} watchdog`);
      const next = (): void =>
        world.after(WATCHDOG_MS, chance, () => {
          const fate = drawDelivery(plan, chance, ["lost", "doubled"]);
          if (fate !== "lost") void callback("watchdog", {});
          if (fate === "doubled") void callback("watchdog", {});
          if (going()) next();
        });
      if (plan.watchdog) next();
    },
  };
}

/** https://upstash.com/docs/qstash/features/callbacks */
function failureOf(body: object, number: number): object {
  return {
    sourceMessageId: `msg_${number}`,
    url: "http://baton.test/qstash/tick",
    status: 500,
    sourceBody: Buffer.from(JSON.stringify(body)).toString("base64"),
  };
}
