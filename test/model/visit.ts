/** One poll in the model. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { type PollingAgent } from "../../src/store/store.ts";
import { type World } from "./world.ts";

/** An agent that polls, with its record and the fresh checks, the next one last. */
export interface Visit {
  readonly world: World;
  readonly agent: AgentRecord;
  readonly asked: PollingAgent;
  readonly checks: string[];
  /** A new process speaks for the agent. */
  readonly takesOver: boolean;
}
