/** What goes wrong during a soak: every few seconds something is killed, or the network is made worse for a while. */
import { setTimeout as pause } from "node:timers/promises";
import { type Chance, inProportion } from "../../test/support/seeded.ts";
import type { FaultRule as QstashFault } from "../local/qstash/faults.ts";
import type { Stack } from "../local/stack.ts";
import type { FaultRule as RedisFault } from "../local/upstash/faults.ts";
import type { Crew } from "./crew.ts";

export interface Havoc {
  readonly agents_killed: number;
  readonly workerd_killed: number;
  readonly redis_killed: number;
  /** Times that the road to Redis, or to QStash, was made worse. */
  readonly redis_faults: number;
  readonly qstash_faults: number;
}

type Counts = { -readonly [Name in keyof Havoc]: Havoc[Name] };

interface Scene {
  readonly stack: Stack;
  readonly crew: Crew;
  readonly chance: Chance;
  readonly counts: Counts;
}

type Deed = (scene: Scene) => Promise<void>;

export interface RunningHavoc {
  readonly counts: Havoc;
  /** Resolves once everything runs again and no fault is left. */
  readonly stop: () => Promise<void>;
}

export function startHavoc(setup: Omit<Scene, "counts">): RunningHavoc {
  const counts: Counts = {
    agents_killed: 0,
    workerd_killed: 0,
    redis_killed: 0,
    redis_faults: 0,
    qstash_faults: 0,
  };
  const scene = { ...setup, counts };
  const end = new AbortController();
  const loop = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await pause(scene.chance.whole(500, 3_000));
      if (!end.signal.aborted) await scene.chance.oneOf(DEEDS)(scene);
    }
  };
  const running = loop();
  return {
    counts,
    stop: async () => {
      end.abort();
      await running;
      scene.stack.upstash.faults.clear();
      scene.stack.qstash.faults.clear();
    },
  };
}

const killAgent: Deed = async ({ crew, chance, counts }) => {
  const name = chance.oneOf(crew.running());
  await crew.kill(name);
  counts.agents_killed += 1;
  await pause(chance.whole(0, 1_000));
  crew.start(name);
};

const killWorkerd: Deed = async ({ stack, chance, counts }) => {
  await stack.killWorker();
  counts.workerd_killed += 1;
  await pause(chance.whole(0, 1_000));
  await stack.restartWorker();
};

const killRedis: Deed = async ({ stack, chance, counts }) => {
  await stack.killRedis();
  counts.redis_killed += 1;
  await pause(chance.whole(0, 1_000));
  await stack.restartRedis();
};

const worsenRedis: Deed = async ({ stack, chance, counts }) => {
  const rule = chance.oneOf(REDIS_FAULTS);
  const id = stack.upstash.faults.add({ ...rule, seed: chance.whole(1, 1e9) });
  counts.redis_faults += 1;
  await pause(chance.whole(1_000, 4_000));
  stack.upstash.faults.remove(id);
};

const worsenQstash: Deed = async ({ stack, chance, counts }) => {
  stack.qstash.faults.add(chance.oneOf(QSTASH_FAULTS));
  counts.qstash_faults += 1;
};

const REDIS_FAULTS: readonly RedisFault[] = [
  { kind: "drop-request", probability: 0.2 },
  { kind: "drop-reply", probability: 0.2 },
  { kind: "duplicate", probability: 0.3 },
  { kind: "delay", delayMs: 500, probability: 0.3 },
  { kind: "answer", status: 429, probability: 0.2 },
  { kind: "answer", status: 503, probability: 0.2 },
  { kind: "cold-scripts", probability: 0.3 },
  { kind: "close-stream" },
  { kind: "drop-message" },
];

const QSTASH_FAULTS: readonly QstashFault[] = [
  { kind: "deliver-twice", times: 3 },
  { kind: "deliver-late", ms: 20_000 },
  { kind: "reorder" },
  { kind: "lose-delivery", times: 2 },
  { kind: "crash-before-ack", times: 2 },
  { kind: "refuse-publish", status: 429, times: 3 },
  { kind: "refuse-publish", status: 500, times: 3 },
  { kind: "lose-publish", times: 2 },
  { kind: "lose-publish-reply", times: 2 },
];

const DEEDS = inProportion<Deed>(
  [5, killAgent],
  [2, killWorkerd],
  [2, killRedis],
  [2, worsenRedis],
  [1, worsenQstash],
);
