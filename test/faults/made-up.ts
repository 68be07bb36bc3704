/** Parts of histories that never happened, to see what the checker says of them. */
import { checkHistory, type Fact, type History } from "../support/history.ts";
import type { FinalTask } from "../support/history/final-state.ts";
import type { Body, Outcome, SeenCall } from "../support/seen-call.ts";

export const LEASE = "r1t1.1.aaaaaaaaaa";
export const SECOND = "r1t1.2.bbbbbbbbbb";

let clock = 0;

export function call(client: string, tool: string, args: Body, outcome: Outcome): SeenCall {
  clock += 1_000;
  return { client, tool, args, began: clock, ended: clock + 10, outcome };
}

export function task(more: Partial<FinalTask> = {}): FinalTask {
  const { task_id = "r1t1" } = more;
  return { task_id, title: task_id, status: "completed", agent_type: "planning", ...more };
}

/** The breaches of a made-up history, as texts. */
export function check(parts: {
  calls?: SeenCall[];
  facts?: Fact[];
  tasks?: FinalTask[];
  more?: object;
}): string[] {
  const { calls = [], facts = [], tasks = [] } = parts;
  const history: History = {
    calls,
    facts,
    final: { tasks: new Map(tasks.map((one) => [one.task_id, one])), breakers: [] },
    served: ["planning"],
    skew_ms: 0,
    ...parts.more,
  };
  return checkHistory(history).map(({ kind, text }) => `${kind}: ${text}`);
}

export const create = (title: string, task_id: string, more: Body = {}): SeenCall =>
  call("boss", "create_task", { task_description: title, ...more }, { said: { task_id } });

export const poll = (agent: string, lease: string, lease_seconds = 60): SeenCall =>
  call(agent, "poll_tasks", { agent_id: agent }, { said: { tasks: [{ lease, lease_seconds }] } });

export const submit = (agent: string, lease: string, result: string, outcome: Outcome): SeenCall =>
  call(agent, "submit_result", { lease, status: "completed", result }, outcome);

export const COMPLETED = { said: { task_id: "r1t1", status: "completed" } };
