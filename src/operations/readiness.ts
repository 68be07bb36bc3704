/** Whether everything that the server stands on is there, and how far behind its timers are. */
import { recordFault } from "../observability/fault.ts";
import type { QstashState } from "../scheduler/reachable.ts";
import type { StoreHealth } from "../store/replies.ts";
import type { Composition } from "./composition.ts";

export type RedisState =
  | { readonly ok: true; readonly health: Health }
  | { readonly ok: false; readonly fault_id: string };

export interface Health extends StoreHealth {
  /** Callbacks that QStash gave up, ever. */
  readonly failed_callbacks: number;
  readonly last_failed_callback_seconds_ago?: number;
}

export async function readiness({
  services,
  timers,
}: Pick<Composition, "services" | "timers">): Promise<{ redis: RedisState; qstash: QstashState }> {
  const [redis, qstash] = await Promise.all([
    lookAtRedis({ services, ...(timers && { timers }) }),
    timers?.scheduler.state() ?? {
      ok: false,
      message:
        "This server does not know its own URL, so QStash cannot call it: set BATON_URL. Deadlines are seen to only when somebody calls.",
    },
  ]);
  return { redis, qstash };
}

async function lookAtRedis({
  services,
  timers,
}: Pick<Composition, "services" | "timers">): Promise<RedisState> {
  try {
    const [health, failures] = await Promise.all([
      services.store.health(),
      timers?.deployment.failures(1) ?? { count: 0, last: [] },
    ]);
    const last = failures.last[0];
    return {
      ok: true,
      health: {
        ...health,
        failed_callbacks: failures.count,
        ...(last && {
          last_failed_callback_seconds_ago: Math.max(0, Math.round((Date.now() - last.at) / 1000)),
        }),
      },
    };
  } catch (error) {
    return { ok: false, fault_id: recordFault(error).id };
  }
}
