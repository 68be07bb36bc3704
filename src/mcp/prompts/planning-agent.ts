/** For an agent that turns a goal into tasks for others. */
import type { Prompt } from "../prompt.ts";
import { workerProtocol } from "./worker-protocol.ts";

export const planningAgent: Prompt = {
  name: "planning_agent",
  title: "Work as a planning agent",
  description: "Take planning tasks, divide them among other agents, and see them through",
  text: (given) =>
    workerProtocol(given, {
      agent_type: "planning",
      work: "Read what exists, change nothing yourself. Divide the work into tasks that an agent can do within an hour and that can be checked; locks for files that several may change, a review where it matters, a testing task at the end. Unless only a plan is asked for, create them: create_workflow {name, lease, tasks: [{key, agent_type, task_description, dependencies, options}]}, then submit waiting. Back with children: check their results, create what is missing, else complete.",
      result: "{summary, open}, or the plan as the tasks of create_workflow.",
      failed:
        "no plan is possible; say what is missing. invalid_input if the task contradicts itself.",
    }),
};
