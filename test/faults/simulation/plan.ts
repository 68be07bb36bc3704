/** How a run goes wrong: drawn from its seed, so that some are almost calm and others hopeless for a while. */
import type { Chance } from "../../support/seeded.ts";

/** What may become of one request between the Worker and Redis. */
export const FATES = [
  "pass",
  /** The connection is refused or closed before anything is executed. */
  "drop-request",
  /** Executed; the answer is lost. */
  "drop-reply",
  /** Executed twice, as a network that re-sends may do. */
  "double",
  "slow",
  /** Nobody answers in time; the request is executed later, after whatever was sent in its place. */
  "overdue",
  /** Refused in front of Redis: 429 or 5xx. */
  "refuse",
  /** Redis has forgotten all scripts. */
  "cold",
  /** The Worker dies before the request leaves it. */
  "crash-before",
  /** The Worker dies when the request has been executed, before it knows. */
  "crash-after",
] as const;

export type Fate = (typeof FATES)[number];

/** What may become of a message to or from QStash. */
export const DELIVERIES = ["pass", "lost", "doubled", "late", "refused", "reply-lost"] as const;

export type Delivery = (typeof DELIVERIES)[number];

export interface Plan {
  /** Chance that a request to Redis meets another fate than passing. */
  redis: number;
  /** Chance that a request of a client, or its reply, is lost. */
  client: number;
  /** Chance that something happens to a message of QStash. */
  qstash: number;
  /** Chance for each virtual minute that the whole isolate dies, with all calls in it. */
  isolate: number;
  /** Whether the systems that webhooks go to answer badly. */
  receivers: boolean;
  /** Whether QStash delivers ticks at all, and whether the watchdog runs. */
  readonly ticks: boolean;
  readonly watchdog: boolean;
}

export function drawPlan(chance: Chance): Plan {
  const hardness = chance.next() ** 2;
  return {
    redis: 0.02 + 0.3 * hardness,
    client: 0.02 + 0.2 * chance.next() ** 2,
    qstash: chance.next(),
    isolate: chance.happens(0.3) ? 0.3 : 0,
    receivers: true,
    ticks: chance.happens(0.6),
    watchdog: chance.happens(0.6),
  };
}

/** From now on nothing goes wrong. */
export function heal(plan: Plan): void {
  plan.redis = plan.client = plan.qstash = plan.isolate = 0;
  plan.receivers = false;
}

export function drawFate(plan: Plan, chance: Chance): Fate {
  return chance.happens(plan.redis) ? chance.oneOf(FATES.slice(1)) : "pass";
}

export function drawDelivery(plan: Plan, chance: Chance, possible: readonly Delivery[]): Delivery {
  return chance.happens(plan.qstash * 0.5) ? chance.oneOf(possible) : "pass";
}
