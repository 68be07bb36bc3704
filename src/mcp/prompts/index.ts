/** Every prompt, in the order in which it is listed. */
import type { Prompt } from "../prompt.ts";
import { implementationAgent } from "./implementation-agent.ts";
import { orchestrator } from "./orchestrator.ts";
import { planningAgent } from "./planning-agent.ts";
import { testingAgent } from "./testing-agent.ts";

export const PROMPTS: readonly Prompt[] = [
  orchestrator,
  planningAgent,
  implementationAgent,
  testingAgent,
];
