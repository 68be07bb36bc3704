/** Who lives in a world: a few workers of two types and two orchestrators, all badly behaved for a while. */
import type { Caller } from "../../../src/operations/operation.ts";
import { orchestrate } from "../../support/crew/orchestrator.ts";
import { work } from "../../support/crew/worker.ts";
import type { Chance } from "../../support/seeded.ts";
import { type ClientWorld, startClient } from "./client.ts";
import { type Hooks, keepHooks } from "./hooks.ts";

/** Seconds by which everything is measured: leases last one to two of it. */
export const PACE_SECONDS = 10;
export const AGENT_TYPES = ["planning", "implementation"];
/** A type that nobody polls for. */
export const UNSERVED = "nobody";

const CAPABILITY = "browser";
const ABLE = new Set(["ada", "cyd"]);
const WORKERS = [
  { agent_id: "ada", agent_type: "planning" },
  { agent_id: "bob", agent_type: "planning" },
  { agent_id: "cyd", agent_type: "implementation" },
  { agent_id: "dan", agent_type: "implementation" },
];
const ORCHESTRATORS = ["boss", "lead"];
const TASKS_EACH = 6;

export function startCast(
  context: ClientWorld,
  { project, chance, hooks }: { project: string; chance: Chance; hooks?: Hooks },
): void {
  const callerAs = (role: "admin" | "orchestrator" | "worker"): Caller => ({
    project,
    key_id: role,
    role,
  });
  for (const { agent_id, agent_type } of WORKERS) {
    const role = {
      agent_id,
      agent_type,
      ...(ABLE.has(agent_id) && { capabilities: [CAPABILITY] }),
      wait_seconds: 0,
      tells_instance: chance.happens(0.3),
      life: "1",
      helpers: AGENT_TYPES,
    };
    startClient(context, { name: agent_id, caller: callerAs("worker") }, (hands) =>
      work(hands, role),
    );
  }
  for (const name of ORCHESTRATORS) {
    startClient(context, { name, caller: callerAs("orchestrator") }, (hands) =>
      orchestrate(hands, {
        agent_types: AGENT_TYPES,
        workers: WORKERS,
        capability: CAPABILITY,
        unserved: UNSERVED,
        tasks: TASKS_EACH,
        pause_seconds: PACE_SECONDS,
        life: "1",
      }),
    );
  }
  if (!hooks) return;
  startClient(context, { name: "keeper", caller: callerAs("admin") }, (hands) =>
    keepHooks(hands, hooks.ids),
  );
}
