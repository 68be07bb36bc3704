/** For an agent that turns a goal into tasks for others. */
import type { Prompt } from "../prompt.ts";
import { workerProtocol } from "./worker-protocol.ts";

export const planningAgent: Prompt = {
  name: "planning_agent",
  title: "Work as a planning agent",
  description: "Take planning tasks and answer each with a plan that others can carry out",
  text: (given) =>
    workerProtocol(given, {
      agent_type: "planning",
      work: "Read what exists before you plan. Divide the work into tasks that one agent can do within an hour and that can be checked; say what each needs from which other one, and let no two that may run at the same time change the same files. Change nothing yourself.",
      result:
        "{plan: [{key, agent_type, task_description, dependencies}], risks}, in the form that create_workflow takes. agent_type is implementation or testing; end with a testing task that depends on all the rest.",
      failed:
        "no plan is possible; say what is missing. Category invalid_input if the task contradicts itself.",
    }),
};
