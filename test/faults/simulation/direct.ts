/** Calls past all that can go wrong, between two events of a world: for whoever looks at it from outside. */
import { deleteSchedule } from "../../../src/operations/schedules/delete-schedule.ts";
import type { Operation } from "../../../src/operations/operation.ts";
import { OPERATIONS } from "../../../src/operations/registry.ts";
import { createScheduleStore } from "../../../src/store/schedules.ts";
import { createStore } from "../../../src/store/store.ts";
import { createWebhookStore } from "../../../src/store/webhooks.ts";
import type { Ask } from "../../support/crew/people.ts";
import { seeded } from "../../support/seeded.ts";
import type { RealTransport } from "./transport.ts";
import type { World } from "./world.ts";

const KNOWN: readonly Operation[] = [...OPERATIONS, deleteSchedule];

export function directly({
  project,
  world,
  real,
}: {
  readonly project: string;
  readonly world: World;
  readonly real: RealTransport;
}): Ask {
  const store = createStore({ transport: real, project, now: () => world.now });
  const schedules = createScheduleStore({ transport: real, project, now: () => world.now });
  const services = {
    store,
    schedules,
    random: seeded(`direct ${project}`).bytes,
    webhooks: {
      store: createWebhookStore({ transport: real, project, now: () => world.now }),
      // Left to the watchdog.
      queue: () => Promise.resolve(false),
      goOn: () => Promise.resolve(false),
      fetch: () => Promise.reject(new Error("nothing is sent past what can go wrong")),
      chance: () => 0,
      allow_loopback: false,
    },
  };
  const caller = { project, key_id: "orchestrator", role: "orchestrator" } as const;
  let asked = 0;
  return async (tool, args) => {
    const operation = KNOWN.find(({ name }) => name === tool);
    if (!operation) throw new Error(`no operation ${tool}`);
    const operation_id = `direct ${++asked}`;
    const { signal } = new AbortController();
    const call = { services, caller, operation_id, signal };
    const result = await operation.run(call, operation.input.parse(args));
    return result.ok ? { said: result.value } : { refused: result.refusal };
  };
}
