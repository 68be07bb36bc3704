/** Who takes part in a soak. */
import { join } from "node:path";
import type { Stack } from "../local/stack.ts";
import type { AgentSetup } from "./agent-setup.ts";

export const CREW = {
  agent_types: ["planning", "implementation", "testing"],
  unserved: "nobody",
  capability: "browser",
  /** Seconds by which everything is measured: leases last three to five. */
  pace: 2.5,
} as const;

/** One in four is an orchestrator, at least one; half of all speak MCP; some workers say which process they are. */
export function crewSetups({
  agents,
  seed,
  stack,
  logs,
}: {
  readonly agents: number;
  readonly seed: string;
  readonly stack: Pick<Stack, "baseUrl" | "keys">;
  readonly logs: string;
}): AgentSetup[] {
  const orchestrators = Math.max(1, Math.floor(agents / 4));
  const workers = Array.from({ length: Math.max(CREW.agent_types.length, agents - orchestrators) })
    .map((_, index) => `worker-${index + 1}`)
    .map((agent_id, index) => ({ agent_id, agent_type: typeAt(index) }));
  const common = (name: string, index: number) => ({
    name,
    base_url: stack.baseUrl,
    log: join(logs, `${name}.jsonl`),
    skin: index % 2 === 0 ? ("rest" as const) : ("mcp" as const),
    pace: CREW.pace,
    faithful: false,
    seed,
    life: "",
    agent_types: [...CREW.agent_types],
    unserved: CREW.unserved,
    capability: CREW.capability,
    workers,
  });
  const steering = Array.from({ length: orchestrators }, (_, index) => ({
    role: "orchestrator" as const,
    key: stack.keys.orchestrator,
    ...common(`orchestrator-${index + 1}`, index),
  }));
  const working = workers.map(({ agent_id, agent_type }, index) =>
    Object.assign(common(agent_id, index), {
      role: "worker" as const,
      key: stack.keys.worker,
      agent_type,
      // The first of each type: whatever a task requires, somebody can do it.
      able: index < CREW.agent_types.length,
      tells_instance: index % 3 === 0,
    }),
  );
  return [...steering, ...working];
}

function typeAt(index: number): string {
  return CREW.agent_types[index % CREW.agent_types.length] ?? "";
}
