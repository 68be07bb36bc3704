/** What a process of the soak is told when it starts, and what it may be told later. */
import { z } from "zod";

const common = {
  name: z.string(),
  base_url: z.string(),
  key: z.string(),
  /** File to which it writes every call that it makes. */
  log: z.string(),
  skin: z.enum(["rest", "mcp"]),
  pace: z.number(),
  /** Does what it is given, at once and well. */
  faithful: z.boolean(),
  seed: z.string(),
  /** Which life of this name it is. */
  life: z.string(),
  agent_types: z.array(z.string()),
  unserved: z.string(),
  capability: z.string(),
  workers: z.array(z.object({ agent_id: z.string(), agent_type: z.string() })),
};

export const agentSetup = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("orchestrator"), ...common }),
  z.strictObject({
    role: z.literal("worker"),
    agent_type: z.string(),
    able: z.boolean(),
    tells_instance: z.boolean(),
    ...common,
  }),
]);

export type AgentSetup = z.infer<typeof agentSetup>;
