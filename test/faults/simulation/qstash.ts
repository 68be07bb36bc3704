/**
 * The road between a Worker and QStash, and QStash at its end: messages are lost, doubled, late and out of order, a
 * delivery that fails is tried again, and what was given up is told to the failure callback.
 */
import type { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { type Chance, seeded } from "../../support/seeded.ts";
import { drawDelivery, type Plan } from "./plan.ts";
import type { Activity, World } from "./world.ts";

/** Calls one of the Worker's callbacks with this body; whether it answered that all is well. */
export type Callback = (
  name: "tick" | "deliver" | "watchdog" | "failed",
  body: unknown,
) => Promise<boolean>;

interface Message {
  readonly to: "tick" | "deliver";
  readonly body: object;
  /** A second one with the same id makes no message. */
  readonly id: string;
  /** Milliseconds from now on. */
  readonly wait_ms: number;
}

export interface QstashRoad {
  readonly world: World;
  readonly plan: Plan;
  readonly callback: Callback;
  readonly note: (what: string) => void;
}

/** As in `src/scheduler/again.ts` and `DELIVERY` in `src/scheduler/scheduler.ts`. */
const PAUSES_MS = [200, 1_000, 3_000];
/** Also `DELIVERY` in `src/scheduler/deliveries.ts`. */
const RETRY_PAUSES_MS = { tick: [1_000, 2_000, 4_000], deliver: [20_000, 40_000, 80_000] };
const DEDUPLICATED_MS = 600_000;
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
  const taken = new Map<string, number>();
  let messages = 0;

  /** One attempt to publish; whether QStash's answer arrived. */
  async function publish(activity: Activity, batch: readonly Message[]): Promise<boolean> {
    const { chance } = activity;
    const fate = drawDelivery(plan, chance, ["lost", "refused", "reply-lost"]);
    note(`publish ${fate}`);
    return world.answer(activity, (answer) => {
      const after = (ms: number, arrived: boolean): void =>
        world.after(ms, chance, () => answer(arrived));
      if (fate === "lost") return after(TIMEOUT_MS, false);
      if (fate === "refused") return after(chance.whole(5, 50), false);
      world.after(chance.whole(1, 30), chance, () => {
        for (const message of batch) accept(message);
        after(fate === "pass" ? chance.whole(1, 30) : TIMEOUT_MS, fate === "pass");
      });
    });
  }

  async function send(activity: Activity, batch: readonly Message[]): Promise<boolean> {
    if (batch.length === 0) return true;
    for (const pause of [...PAUSES_MS, undefined]) {
      if (await publish(activity, batch)) return true;
      if (pause !== undefined) await world.wait(activity, pause);
    }
    return false;
  }

  /** A second publish with the same deduplication id is answered like the first, and makes no message. */
  function accept({ to, body, id, wait_ms }: Message): void {
    if ((taken.get(id) ?? 0) > world.now - DEDUPLICATED_MS || (to === "tick" && !plan.ticks))
      return;
    taken.set(id, world.now);
    const chance = seeded(`${world.seed} message ${++messages}`);
    const due = Math.ceil(Math.max(0, wait_ms) / 1000) * 1000;
    const fate = drawDelivery(plan, chance, ["lost", "doubled", "late"]);
    note(`deliver ${fate}`);
    const late = fate === "late" ? chance.whole(1_000, LATE_MS) : chance.whole(0, 500);
    const deliver = (ms: number): void =>
      world.after(ms, chance, () => void attempt({ chance, to, body }, 0));
    if (fate !== "lost") deliver(due + late);
    if (fate === "doubled") {
      deliver(due + chance.whole(0, LATE_MS));
      deliver(due + chance.whole(0, 10_000));
    }
  }

  async function attempt(
    message: Pick<Message, "to" | "body"> & { readonly chance: Chance },
    nth: number,
  ): Promise<void> {
    if (await callback(message.to, message.body)) return;
    const pause = RETRY_PAUSES_MS[message.to][nth];
    note(pause === undefined ? "given up" : "tried again");
    if (pause === undefined) await callback("failed", failureOf(message, ++messages));
    else world.after(pause, message.chance, () => void attempt(message, nth + 1));
  }

  return {
    schedulerOf: (activity) => ({
      sendTick: ({ project, wait_ms, generation }) => {
        const id = `tick ${generation}`;
        const body = { project, generation };
        return send(activity, [{ to: "tick", body, id, wait_ms: wait_ms + MARGIN_MS }]);
      },
      sendAttempts: (project, attempts) =>
        send(
          activity,
          attempts.map(({ delivery_id, turn, due_at }) => ({
            to: "deliver",
            body: { project, delivery_id, turn },
            id: `${delivery_id} ${turn}`,
            wait_ms: due_at - world.now,
          })),
        ),
      sendRest: (project, from) =>
        send(activity, [
          { to: "deliver", body: { project, from }, id: `rest ${from}`, wait_ms: 0 },
        ]),
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
function failureOf({ to, body }: Pick<Message, "to" | "body">, number: number): object {
  return {
    sourceMessageId: `msg_${number}`,
    url: `http://baton.test/qstash/${to}`,
    status: 500,
    sourceBody: Buffer.from(JSON.stringify(body)).toString("base64"),
  };
}
