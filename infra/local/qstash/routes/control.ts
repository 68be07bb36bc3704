// POST /__control: what tests in another process may do to the local QStash. No such thing exists
// in the real service.

import { badRequest } from "../api-error.ts";
import { type ApiReply, readJsonObject, type Route } from "../api-request.ts";
import { readFaultRule } from "../read-fault-rule.ts";
import type { Qstash } from "../types.ts";

type Controlled = Pick<Qstash, "clock" | "faults" | "stats" | "idle" | "drain" | "rotateKeys">;

/**
 * The body is `{action, …}`: `advance {ms, wait?}`, `idle`, `drain {horizon_ms?}`, `now`, `stats`,
 * `add_fault {fault}`, `clear_faults`, `list_faults`, `rotate_keys`.
 */
export function controlRoute(qstash: Controlled): Route {
  async function act(body: Record<string, unknown>): Promise<unknown> {
    switch (body["action"]) {
      case "advance":
        await qstash.clock.advance(readMs(body["ms"], "ms"), { wait: body["wait"] !== false });
        return { now: qstash.clock.now() };
      case "now":
        return { now: qstash.clock.now() };
      case "idle":
        await qstash.idle();
        return { now: qstash.clock.now() };
      case "drain":
        return await qstash.drain(
          body["horizon_ms"] === undefined
            ? {}
            : { horizonMs: readMs(body["horizon_ms"], "horizon_ms") },
        );
      case "stats":
        return qstash.stats;
      case "add_fault":
        qstash.faults.add(readFaultRule(body["fault"]));
        return { faults: qstash.faults.list() };
      case "clear_faults":
        qstash.faults.clear();
        return { faults: [] };
      case "list_faults":
        return { faults: qstash.faults.list() };
      case "rotate_keys":
        return qstash.rotateKeys();
      default:
        throw badRequest(`unknown action ${JSON.stringify(body["action"])}`);
    }
  }

  return {
    method: "POST",
    path: "/__control",
    handle: async (request): Promise<ApiReply> => ({ json: await act(readJsonObject(request)) }),
  };
}

function readMs(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw badRequest(`${name} must be a number of 0 or more`);
  }
  return value;
}
