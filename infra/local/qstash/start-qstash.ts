// Starts a QStash for the local stack and the tests: the documented API, in memory, on loopback.

import { realClock } from "./clock.ts";
import { Engine } from "./engine.ts";
import { Faults } from "./faults.ts";
import { serve } from "./http-server.ts";
import { resolvePlan } from "./plan.ts";
import { createPublisher } from "./publish.ts";
import { controlRoute } from "./routes/control.ts";
import { deadLetterRoutes } from "./routes/dead-letters.ts";
import { flowControlRoutes } from "./routes/flow-control.ts";
import { keyAndLogRoutes } from "./routes/keys-and-logs.ts";
import { messageRoutes } from "./routes/messages.ts";
import { publishRoutes } from "./routes/publish.ts";
import { queueRoutes } from "./routes/queues.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { urlGroupRoutes } from "./routes/url-groups.ts";
import { Schedules } from "./schedules.ts";
import { SigningKeys } from "./signing-keys.ts";
import { TimerScope } from "./timer-scope.ts";
import type { DrainReport, Qstash, QstashOptions } from "./types.ts";
import { UrlGroups } from "./url-groups.ts";

/** Upstash's dev server prints these for its first user; the SDK's dev mode expects them. */
const devUser = {
  token: "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=",
  currentSigningKey: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  nextSigningKey: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
};

export async function startQstash(options: QstashOptions = {}): Promise<Qstash> {
  const { token, currentSigningKey, nextSigningKey } = { ...devUser, ...options };
  const clock = options.clock ?? realClock();
  const plan = resolvePlan(options.plan);
  const keys = new SigningKeys({ current: currentSigningKey, next: nextSigningKey });
  const faults = new Faults(options.random ?? Math.random);
  for (const rule of options.faults ?? []) faults.add(rule);

  const engine = new Engine({
    clock,
    plan,
    keys,
    faults,
    region: options.region ?? "EU-CENTRAL-1",
    signatureNow: options.signatureTime === "clock" ? () => clock.now() : Date.now,
  });
  const urlGroups = new UrlGroups(plan);
  const publisher = createPublisher({ engine, urlGroups, plan });
  const scheduleTimers = new TimerScope(clock);
  const schedules = new Schedules({ timers: scheduleTimers, publisher, plan });
  engine.onFinished = (message, outcome) => schedules.messageFinished(message, outcome);
  const unsettle = clock.settleWith(() => engine.idle());

  async function drain({ horizonMs = 3_600_000 } = {}): Promise<DrainReport> {
    const start = clock.now();
    for (;;) {
      await engine.idle();
      const next = engine.timers.next();
      if (next === undefined || next > start + horizonMs) break;
      await clock.advance(Math.max(0, next - clock.now()));
    }
    return { advancedMs: clock.now() - start, pending: engine.messages.list().length };
  }

  const controlled = {
    clock,
    faults,
    stats: engine.stats.stats,
    idle: () => engine.idle(),
    drain,
    rotateKeys: () => keys.rotate(),
  };
  const server = await serve({
    port: options.port ?? 0,
    token,
    routes: [
      ...publishRoutes({
        publisher,
        schedules,
        faults,
        acceptedStatus: options.publishStatus ?? 200,
      }),
      ...messageRoutes(engine),
      ...deadLetterRoutes(engine),
      ...scheduleRoutes(schedules),
      ...queueRoutes(engine),
      ...flowControlRoutes(engine, plan),
      ...urlGroupRoutes(urlGroups, () => clock.now()),
      ...keyAndLogRoutes(engine, keys),
      controlRoute(controlled),
    ],
  });

  async function stop(): Promise<void> {
    unsettle();
    scheduleTimers.cancelAll();
    await server.stop();
    await engine.stop();
    // A clock of the caller may serve others too, so only a clock of our own is stopped.
    if (options.clock === undefined) clock.stop();
  }

  return {
    ...controlled,
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    token,
    signingKeys: () => keys.pair(),
    pending: () => engine.messages.list().map(({ id }) => id),
    deadLetters: () => {
      const all = { filter: () => true, query: new URLSearchParams(), now: clock.now() };
      return engine.deadLetters.page(all).items;
    },
    stop,
  };
}
