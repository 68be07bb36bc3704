/** Builds what a request needs from the environment: the only reader of `Env`. */
import { announceTick } from "./operations/announce-tick.ts";
import { fireSchedules } from "./operations/schedules/fire-schedules.ts";
import { announceEvents } from "./operations/webhooks/announce-events.ts";
import type { Webhooks } from "./operations/webhooks/webhooks.ts";
import type { Composition } from "./operations/composition.ts";
import type { Caller } from "./operations/operation.ts";
import type { Services } from "./operations/services.ts";
import { ROLES } from "./domain/role.ts";
import { createScheduler, type Scheduler } from "./scheduler/scheduler.ts";
import type { ArmedTick } from "./store/codec.ts";
import { createDeployment } from "./store/deployment.ts";
import { createScheduleStore } from "./store/schedules.ts";
import { createStore } from "./store/store.ts";
import { createWebhookStore } from "./store/webhooks.ts";
import { createTransport, type Transport } from "./store/transport.ts";

interface OptionalEnv {
  /** Public URL of this Worker: where QStash delivers to. Set by the deployment and by the local stack. */
  readonly BATON_URL?: string;
  /** "1", set by the local stack alone, accepts the fixed keys below. */
  readonly BATON_LOCAL?: string;
  /** "1", set by the local stack alone, opens a mount without a key, for conformance tools that cannot send one. */
  readonly BATON_OPEN_MCP?: string;
}

const PROJECT = "local";

/** https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/ */
const RESOLVER = "https://cloudflare-dns.com/dns-query";

/** Fixed, and clearly local: a deployment, where BATON_LOCAL is not set, refuses them like any unknown key. */
const LOCAL_KEYS: ReadonlyMap<string, Caller> = new Map(
  ROLES.map((role) => [`btn_local_${role}`, { project: PROJECT, key_id: `local-${role}`, role }]),
);

/** Lets work go on after the reply, which does not wait for it. */
export type Background = (work: Promise<void>) => void;

export function compose(env: Env & OptionalEnv, background: Background): Composition {
  const local = env.BATON_LOCAL === "1";
  const { transport, scheduler } = clients(env);
  const services = servicesOf(PROJECT, { transport, scheduler, background, local });
  return {
    services,
    authenticate: (key) => Promise.resolve(local ? LOCAL_KEYS.get(key) : undefined),
    allowedHosts: local ? ["127.0.0.1", "localhost", "[::1]"] : [],
    openMcp: local && env.BATON_OPEN_MCP === "1" ? LOCAL_KEYS.get("btn_local_admin") : undefined,
    ...(scheduler && {
      timers: {
        scheduler,
        deployment: createDeployment({ transport }),
        projects: [PROJECT],
        servicesOf: (project) => (project === PROJECT ? services : undefined),
      },
    }),
  };
}

interface Clients {
  readonly transport: Transport;
  readonly scheduler: Scheduler | undefined;
}

interface Mode {
  readonly background: Background;
  readonly local: boolean;
}

function servicesOf(
  project: string,
  { transport, scheduler, background, local }: Clients & Mode,
): Services {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const onSchedules = (ids: readonly string[]) =>
    background(fireSchedules({ services, project }, ids));
  const services: Services = scheduler
    ? withScheduler(project, { transport, scheduler, background, local, onSchedules, random })
    : {
        store: createStore({ transport, project, onSchedules }),
        schedules: createScheduleStore({ transport, project }),
        random,
      };
  return services;
}

/** Timers and webhooks come through QStash. */
function withScheduler(
  project: string,
  parts: Mode & {
    readonly transport: Transport;
    readonly scheduler: Scheduler;
    readonly onSchedules: (ids: readonly string[]) => void;
    readonly random: Services["random"];
  },
): Services {
  const { transport, scheduler, background, local, onSchedules, random } = parts;
  const webhooks: Webhooks = {
    store: createWebhookStore({ transport, project }),
    queue: (attempts) => scheduler.sendAttempts(project, attempts),
    goOn: (from) => scheduler.sendRest(project, from),
    fetch: (url, init) => fetch(url, init),
    ...(!local && { resolver: RESOLVER }),
    chance: Math.random,
    allow_loopback: local,
  };
  const onTick = (tick: ArmedTick) =>
    background(announceTick({ scheduler, store }, { project, ...tick }));
  const onOutbox = () => background(announceEvents(webhooks));
  const store = createStore({ transport, project, onTick, onOutbox, onSchedules });
  return {
    store,
    schedules: createScheduleStore({ transport, project, onTick, onOutbox }),
    random,
    webhooks,
  };
}

let shared: (Clients & { readonly env: string }) | undefined;

/** One client each per isolate: they hold no state of a request. */
function clients(env: Env & OptionalEnv): Clients {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  const { QSTASH_URL, QSTASH_TOKEN, BATON_URL = "" } = env;
  const keys = { current: env.QSTASH_CURRENT_SIGNING_KEY, next: env.QSTASH_NEXT_SIGNING_KEY };
  const base_url = BATON_URL.replace(/\/+$/, "");
  const described = JSON.stringify([url, token, QSTASH_URL, QSTASH_TOKEN, keys, base_url]);
  if (shared?.env !== described) {
    shared = {
      env: described,
      transport: createTransport({ url, token }),
      scheduler:
        base_url === ""
          ? undefined
          : createScheduler({ url: QSTASH_URL, token: QSTASH_TOKEN, keys, base_url }),
    };
  }
  return shared;
}
