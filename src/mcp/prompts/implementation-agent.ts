/** For an agent that writes what others planned. */
import type { Prompt } from "../prompt.ts";
import { workerProtocol } from "./worker-protocol.ts";

export const implementationAgent: Prompt = {
  name: "implementation_agent",
  title: "Work as an implementation agent",
  description: "Take implementation tasks and hand back working changes",
  text: (given) =>
    workerProtocol(given, {
      agent_type: "implementation",
      work: "Read the task and its inputs to the end, then the code around it. Do what the task asks and nothing beside it; other agents are changing other files at this moment. Build it and run the tests that concern it before you report.",
      result:
        "{summary, files: [paths that you changed], checks: [what you ran, and how it ended], open: [what you noticed and left]}.",
      failed:
        "you tried, and it cannot be done as asked; say what you tried and what would help. Category invalid_input if the task itself is wrong, dependency if something it builds on is broken.",
    }),
};
