/** QStash as Baton uses it: messages that make it look at the clock, and what QStash says back. */
import { Client } from "@upstash/qstash";
import { log, type LogFields } from "../observability/log.ts";
import { againUntilTaken } from "./again.ts";
import { type Attempt, publishAttempts, publishRest } from "./deliveries.ts";
import { type KeyPair, lookAtQstash, type QstashState } from "./reachable.ts";
import { verifySignature, type Verdict } from "./signature.ts";

export interface SchedulerConfig {
  readonly url: string;
  readonly token: string;
  readonly keys: KeyPair;
  /** Public URL of this Worker, without a slash at its end: where QStash delivers to. */
  readonly base_url: string;
  /** Milliseconds before a publish is sent again. */
  readonly pauses_ms?: readonly number[];
}

/**
 * One tick of one project. It says how long to wait, not until when: QStash measures that by its own clock, and so it does
 * not matter what time it is there.
 */
export interface Tick {
  readonly project: string;
  readonly wait_ms: number;
  readonly generation: number;
}

export interface Scheduler {
  /** Whether QStash has taken the tick. Never throws: what fails is logged, and a tick may be lost without harm. */
  sendTick(tick: Tick): Promise<boolean>;
  /** Whether QStash has taken all of these attempts of webhook deliveries. Never throws, like `sendTick`. */
  sendAttempts(project: string, attempts: readonly Attempt[]): Promise<boolean>;
  /** Whether QStash has taken a call to make deliveries of the events from that place on. Never throws, like `sendTick`. */
  sendRest(project: string, from: string): Promise<boolean>;
  /** Whether QStash sent this body to this path of ours, and sent it now. */
  verify(callback: Callback): Promise<Verdict>;
  /** Whether QStash can be reached, and would be understood. Asked at most every few seconds. */
  state(): Promise<QstashState>;
}

export interface Callback {
  readonly path: string;
  /** The header `Upstash-Signature`. */
  readonly signature: string | null;
  readonly body: string;
}

/** Routes that QStash calls. */
export const CALLBACKS = {
  tick: "/qstash/tick",
  watchdog: "/qstash/watchdog",
  deliver: "/qstash/deliver",
  failed: "/qstash/failed",
} as const;

/** Seconds after a tick's time, so that the deadline has passed by Redis' clock too: clocks do not run alike. */
const MARGIN_SECONDS = 1;

/** Three more attempts, 1, 2 and 4 s later; the watchdog is there for whatever lasts longer. */
const DELIVERY = {
  retries: 3,
  retryDelay: "min(30000, 1000 * pow(2, retried))",
} as const;

export function createScheduler(config: SchedulerConfig): Scheduler {
  const { base_url, keys, pauses_ms } = config;
  const client = createClient(config);
  const host = new URL(base_url).host.replaceAll(/[^\w.-]/g, "-");
  const route = { client, base_url, path: CALLBACKS.deliver, failed_path: CALLBACKS.failed, host };
  let looked: { readonly at: number; readonly state: QstashState } | undefined;
  return {
    sendTick: ({ project, wait_ms, generation }) => {
      const asked = Date.now();
      const left = (): number => Math.max(0, wait_ms - (Date.now() - asked));
      return taken({ project, generation }, () =>
        againUntilTaken(
          () =>
            client.publishJSON({
              ...DELIVERY,
              url: `${base_url}${CALLBACKS.tick}`,
              body: { project, generation },
              delay: Math.ceil(left() / 1000) + MARGIN_SECONDS,
              failureCallback: `${base_url}${CALLBACKS.failed}`,
              // Deployments that share an account must not take each other's ticks for their own.
              deduplicationId: `tick-${project}-${generation}-${host}`,
              label: "baton-tick",
            }),
          pauses_ms,
        ),
      );
    },
    sendAttempts: (project, attempts) =>
      taken({ project, deliveries: attempts.length }, () =>
        publishAttempts(route, { project, attempts }),
      ),
    sendRest: (project, from) => taken({ project }, () => publishRest(route, { project, from })),
    verify: ({ path, signature, body }) =>
      verifySignature({ signature, body, url: `${base_url}${path}`, keys, now: Date.now() }),
    state: async () => {
      // What is kept is the finding, not the promise: in a Worker that belongs to the request that made it.
      if (looked && looked.at > Date.now() - STATE_KEPT_MS) return looked.state;
      const state = await lookAtQstash(config);
      looked = { at: Date.now(), state };
      return state;
    },
  };
}

async function taken(about: LogFields, send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    log("scheduler.publish_failed", {
      ...about,
      error_name: error instanceof Error ? error.name : typeof error,
      error_message: error instanceof Error ? error.message.slice(0, 200) : undefined,
    });
    return false;
  }
}

const STATE_KEPT_MS = 10_000;

/** The client's own retries know nothing of refusals that pass, and `devMode` would go by the environment. */
export function createClient({ url, token }: Pick<SchedulerConfig, "url" | "token">): Client {
  return new Client({
    baseUrl: url,
    token,
    retry: false,
    enableTelemetry: false,
    devMode: false,
  });
}
