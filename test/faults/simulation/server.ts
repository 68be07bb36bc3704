/** The Worker of the world: serves clients and QStash with the real operations, each call with a road of its own. */
import { failedCallback } from "../../../src/http/callbacks/failed.ts";
import { tickCallback } from "../../../src/http/callbacks/tick.ts";
import { deliverCallback } from "../../../src/http/callbacks/deliver.ts";
import { watchdogCallback } from "../../../src/http/callbacks/watchdog.ts";
import { fireSchedules } from "../../../src/operations/schedules/fire-schedules.ts";
import type { ArmedTick } from "../../../src/store/codec.ts";
import { announceTick } from "../../../src/operations/announce-tick.ts";
import type { Timers } from "../../../src/operations/composition.ts";
import { readInput } from "../../../src/operations/input.ts";
import type { Caller } from "../../../src/operations/operation.ts";
import { OPERATIONS } from "../../../src/operations/registry.ts";
import type { Services } from "../../../src/operations/services.ts";
import { createDeployment } from "../../../src/store/deployment.ts";
import { createScheduleStore } from "../../../src/store/schedules.ts";
import type { Webhooks } from "../../../src/operations/webhooks/webhooks.ts";
import { makeDeliveries } from "../../../src/operations/webhooks/make-deliveries.ts";
import { createStore } from "../../../src/store/store.ts";
import { createWebhookStore } from "../../../src/store/webhooks.ts";
import type { Body, Outcome } from "../../support/seen-call.ts";
import { seeded } from "../../support/seeded.ts";
import { Isolate } from "./isolate.ts";
import type { Receivers } from "./receivers.ts";
import { type Callback, type FaultyQstash, faultyQstash } from "./qstash.ts";
import { faultyTransport, NoAnswer, type Road } from "./transport.ts";
import type { Activity } from "./world.ts";

export interface Server {
  /** A call as it reaches the Worker; `reply` is called when the Worker answers, or when its connection breaks. */
  readonly serve: (request: ToolRequest, reply: (outcome: Outcome) => void) => void;
  readonly qstash: FaultyQstash;
  /** Calls the Worker as QStash does. */
  readonly callback: Callback;
  /** Every call that is being served ends here and now. */
  readonly crash: () => void;
}

export interface ToolRequest {
  /** The same in every run. */
  readonly name: string;
  readonly tool: string;
  readonly args: Body;
  readonly caller: Caller;
}

const CALLBACKS = {
  tick: tickCallback,
  deliver: deliverCallback,
  watchdog: watchdogCallback,
  failed: failedCallback,
};

interface Serving {
  readonly activity: Activity;
  readonly isolate: Isolate;
}

export function startServer(
  road: Road,
  { project, receivers }: { project: string; receivers: Receivers },
): Server {
  const { world, plan, note } = road;
  let isolate = new Isolate(world);
  let callbacks = 0;

  const qstash = faultyQstash({ world, plan, callback, note });

  function timersOf(serving: Serving): Timers {
    const transport = faultyTransport(road, serving);
    const services = servicesOf(serving);
    return {
      scheduler: qstash.schedulerOf(serving.activity),
      deployment: createDeployment({ transport, now: () => world.now }),
      projects: [project],
      servicesOf: (name) => (name === project ? services : undefined),
    };
  }

  function servicesOf(serving: Serving): Services {
    const { activity } = serving;
    const stands = {
      transport: faultyTransport(road, serving),
      project,
      now: () => world.now,
      onTick: (tick: ArmedTick) => {
        inBackground(serving, (after) => {
          const scheduler = qstash.schedulerOf(after.activity);
          return announceTick({ scheduler, store: servicesOf(after).store }, { project, ...tick });
        });
      },
    };
    const onSchedules = (ids: readonly string[]): void =>
      inBackground(serving, (after) =>
        fireSchedules({ services: servicesOf(after), project }, ids),
      );
    const webhooks = webhooksOf(serving);
    const onOutbox = (): void =>
      inBackground(serving, async (after) => void (await makeDeliveries(webhooksOf(after))));
    return {
      store: createStore({ ...stands, onSchedules, onOutbox }),
      webhooks,
      schedules: createScheduleStore(stands),
      random: activity.chance.bytes,
    };
  }

  function webhooksOf(serving: Serving): Webhooks {
    const { activity } = serving;
    const scheduler = qstash.schedulerOf(activity);
    return {
      store: createWebhookStore({
        transport: faultyTransport(road, serving),
        project,
        now: () => world.now,
      }),
      queue: (attempts) => scheduler.sendAttempts(project, attempts),
      goOn: (from) => scheduler.sendRest(project, from),
      fetch: receivers.fetchOf(activity),
      chance: activity.chance.next,
      allow_loopback: false,
    };
  }

  /** What a Worker does after its reply dies with the isolate. */
  function inBackground(serving: Serving, run: (serving: Serving) => Promise<void>): void {
    const name = world.childName(serving.activity, "after");
    begin({ name, isolate: serving.isolate }, run).catch(explain);
  }

  function begin<T>(
    { name, isolate, onCrash }: { name: string; isolate: Isolate; onCrash?: () => void },
    run: (serving: Serving) => Promise<T>,
  ): Promise<T> {
    return world.start(name, async (activity) => {
      isolate.add(activity, onCrash);
      try {
        return await run({ activity, isolate });
      } finally {
        isolate.remove(activity);
      }
    });
  }

  async function callback(name: Parameters<Callback>[0], body: unknown): Promise<boolean> {
    return new Promise((resolve) => {
      begin(
        { name: `callback ${++callbacks}`, isolate: current(), onCrash: () => resolve(false) },
        async (serving) => {
          const timers = timersOf(serving);
          return CALLBACKS[name](timers, body);
        },
      ).then(
        (outcome) => {
          if ("never" in outcome) road.complain(`${name} was refused for good: ${outcome.never}`);
          resolve(!("later" in outcome));
        },
        (error: unknown) => {
          if (name !== "watchdog") explain(error);
          resolve(false);
        },
      );
    });
  }

  /** Some calls share an isolate, and die together; others have one of their own. */
  function current(): Isolate {
    return isolate;
  }

  /** Nothing but the road may make a call fail. */
  function explain(error: unknown): void {
    if (!(error instanceof NoAnswer)) road.complain(String(error));
  }

  return {
    qstash,
    callback,
    crash: () => {
      note("isolate died");
      isolate.crash();
      isolate = new Isolate(world);
    },
    serve: ({ name, tool, args, caller }, reply) => {
      const operation = OPERATIONS.find((one) => one.name === tool);
      if (!operation) throw new Error(`no operation ${tool}`);
      const own = seeded(`${world.seed} isolate of ${name}`).happens(0.5)
        ? current()
        : new Isolate(world);
      const onCrash = (): void => reply({ lost: "the connection broke" });
      begin({ name, isolate: own, onCrash }, async (serving) => {
        const input = readInput(operation, args);
        if (!input.ok) throw new Error(`a client sent nonsense: ${input.refusal.message}`);
        return operation.run(
          {
            services: servicesOf(serving),
            caller,
            operation_id: `operation ${name}`,
            signal: new AbortController().signal,
          },
          input.value,
        );
      }).then(
        (result) => reply(result.ok ? { said: result.value } : { refused: result.refusal }),
        (error: unknown) => {
          explain(error);
          reply({ lost: "the server has a fault" });
        },
      );
    },
  };
}
