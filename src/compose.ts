/** Builds what a request needs from the environment: the only reader of `Env`. */
import type { Composition } from "./operations/composition.ts";
import type { Caller } from "./operations/operation.ts";
import { ROLES } from "./domain/role.ts";
import { createStore } from "./store/store.ts";
import { createTransport, type Transport } from "./store/transport.ts";

/** Set by the local stack alone; a deployment has none of them. */
interface LocalEnv {
  /** "1" accepts the fixed keys below. */
  readonly BATON_LOCAL?: string;
  /** "1" opens a mount without a key, for conformance tools that cannot send one. */
  readonly BATON_OPEN_MCP?: string;
}

const PROJECT = "local";

/** Fixed, and clearly local: a deployment, where BATON_LOCAL is not set, refuses them like any unknown key. */
const LOCAL_KEYS: ReadonlyMap<string, Caller> = new Map(
  ROLES.map((role) => [`btn_local_${role}`, { project: PROJECT, key_id: `local-${role}`, role }]),
);

export function compose(env: Env & LocalEnv): Composition {
  const local = env.BATON_LOCAL === "1";
  return {
    services: {
      store: createStore({ transport: transportTo(env), project: PROJECT }),
      random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    },
    authenticate: (key) => Promise.resolve(local ? LOCAL_KEYS.get(key) : undefined),
    allowedHosts: local ? ["127.0.0.1", "localhost", "[::1]"] : [],
    openMcp: local && env.BATON_OPEN_MCP === "1" ? LOCAL_KEYS.get("btn_local_admin") : undefined,
  };
}

let shared: { url: string; token: string; transport: Transport } | undefined;

/** One client per isolate: it holds no state of a request. */
function transportTo(env: Env): Transport {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (shared?.url !== url || shared.token !== token) {
    shared = { url, token, transport: createTransport({ url, token }) };
  }
  return shared.transport;
}
