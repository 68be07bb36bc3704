/** Webhook endpoints of a world: made at its beginning, kept by somebody who pauses, rotates and replays, settled at its end. */
import { z } from "zod";
import { type Hands, insist } from "../../support/crew/hands.ts";
import { type Ask, said } from "../../support/crew/people.ts";
import { type Dump, dumpProject } from "../../support/dump.ts";
import { checkWebhookHistory } from "../../support/history/webhooks.ts";
import type { Chance } from "../../support/seeded.ts";
import type { Retirement } from "./retire-all.ts";
import type { Receivers } from "./receivers.ts";
import type { World } from "./world.ts";

const made = z.looseObject({ endpoint_id: z.string(), secret: z.string() });

const FILTERS = [
  {},
  { types: ["task.*"] },
  { types: ["task.ready", "task.completed", "task.failed", "run.*", "agent.*"] },
  { agent_types: ["planning"] },
  { run_ids: ["r1", "r2"] },
];

/** While the old secret still signs along. */
const CHANGE_OVER_MS = 3_600_000;

export interface Hooks {
  readonly receivers: Receivers;
  readonly ids: readonly string[];
}

export async function makeHooks(
  ask: Ask,
  { world, receivers, chance }: { world: World; receivers: Receivers; chance: Chance },
): Promise<Hooks> {
  const ids: string[] = [];
  for (let number = chance.whole(1, 3); number > 0; number--) {
    const url = `https://hooks-${number}.example.com/`;
    const filter = chance.oneOf(FILTERS);
    const { endpoint_id, secret } = made.parse(
      await said(ask, "create_webhook", { url, ...filter }),
    );
    const receiver = { url, sickness: chance.next() ** 2, secret };
    receivers.add(receiver);
    ids.push(endpoint_id);
    if (!chance.happens(0.3)) continue;
    world.after(chance.whole(0, 120_000), chance, async () => {
      const rotated = made.parse(await said(ask, "rotate_webhook_secret", { endpoint_id }));
      world.after(chance.whole(0, CHANGE_OVER_MS), chance, () => {
        receiver.secret = rotated.secret;
      });
    });
  }
  return { receivers, ids };
}

/** Whoever looks after the endpoints, over the same bad roads as everybody. */
export async function keepHooks(hands: Hands, ids: readonly string[]): Promise<void> {
  const { chance, sleep, mood, going, now } = hands;
  while (going() && !mood.faithful) {
    await sleep(mood.pace * (1 + chance.next()));
    const endpoint_id = chance.oneOf(ids);
    const since = new Date(now() - 60_000).toISOString();
    const [tool, args] = chance.oneOf([
      ["update_webhook", { endpoint_id, status: "paused" }],
      ["update_webhook", { endpoint_id, status: "active" }],
      ["update_webhook", { endpoint_id, description: "Changed" }],
      ["test_webhook", { endpoint_id }],
      ["replay_deliveries", { endpoint_id }],
      ["replay_deliveries", { endpoint_id, since }],
    ] as const);
    await insist(hands, tool, args);
  }
  for (const endpoint_id of ids) {
    await insist(hands, "update_webhook", { endpoint_id, status: "active" });
  }
}

/** The last retry of a delivery comes a day after the one before. */
const ROUNDS = 8;
const ROUND_MS = 43_200_000;

/** What is wrong once every delivery has had its time, with nothing going wrong any more. */
export async function settleHooks(
  { world, server, redis, project }: Pick<Retirement, "world" | "server" | "redis" | "project">,
  { receivers }: Hooks,
): Promise<string[]> {
  // The event log forgets within the time that retries take.
  const log = new Map<string, readonly string[]>();
  const look = async (): Promise<Dump> => {
    const dump = await dumpProject(redis, project);
    for (const [id, fields] of dump.streams["events"] ?? []) log.set(id, fields);
    return { ...dump, streams: { ...dump.streams, events: [...log] } };
  };
  for (let round = 0; round < ROUNDS; round++) {
    const { sets } = await look();
    const left = (sets["outbox"] ?? []).length + (sets["held"] ?? []).length;
    if (round > 0 && left === 0) break;
    void server.callback("watchdog", {});
    await world.runUntil(world.now + ROUND_MS);
  }
  const breaches = checkWebhookHistory(await look(), receivers.received);
  return breaches.map(({ kind, text }) => `${kind}: ${text}`);
}
