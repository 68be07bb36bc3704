/** There is no agent that could take a ready task: nobody of its type, nobody able to, or its assignee is not there. */
import { type AgentRecord, presence } from "../../domain/agent.ts";
import { nearest } from "../../domain/nearest.ts";
import type { TaskRecord } from "../../domain/task.ts";
import { type Cause, duration, type Explain, type Facts, listed } from "./cause.ts";

export const noAgent: Explain = (task, facts) => {
  if (task.status !== "ready") return undefined;
  const text = task.assignee === undefined ? nobody(task, facts) : absent(task.assignee, facts);
  return text === undefined ? undefined : cause(task, text);
};

function cause({ agent_type, requires = [], assignee = "" }: TaskRecord, text: string): Cause {
  return { why: "no_agent", subject: [agent_type, assignee, ...requires].join(" "), text };
}

/** Not told where not all agents are known, unless nobody ever came. */
function nobody(
  { agent_type, requires = [], not_by }: TaskRecord,
  facts: Facts,
): string | undefined {
  const { types, agents, now, more_agents } = facts;
  const polled = types[agent_type];
  const own = agents.filter((agent) => agent.agent_type === agent_type);
  if (polled === undefined && own.length === 0) {
    const meant = nearest(agent_type, Object.keys(types));
    const hint = meant ? ` Did you mean ${meant}?` : "";
    return `Nobody has ever polled for ${agent_type}.${hint} Start an agent of that type, or cancel and create the task for another.`;
  }
  if (more_agents) return undefined;
  const others = own.filter(({ agent_id }) => agent_id !== not_by);
  if (own.length > 0 && others.length === 0) {
    return `${not_by} made what this reviews, and nobody else polls for ${agent_type}: start another agent of that type.`;
  }
  const able = others.filter((agent) => lacks(agent, requires).length === 0);
  if (own.length > 0 && able.length === 0) return unable(others, { agent_type, requires });
  if (able.some((agent) => isThere(agent, now))) return undefined;
  const seen = Math.max(polled ?? 0, ...able.map((agent) => agent.seen));
  const such = requires.length > 0 ? ` with ${requires.join(", ")}` : "";
  return `No agent of type ${agent_type}${such} has polled for ${duration(now - seen)}. Start one.`;
}

function unable(
  own: readonly AgentRecord[],
  { agent_type, requires }: { agent_type: string; requires: readonly string[] },
): string {
  const missing = requires.filter((one) => own.every((agent) => lacks(agent, [one]).length > 0));
  const what =
    missing.length > 0
      ? `none has ${missing.join(", ")}`
      : `none has all of ${requires.join(", ")} at once`;
  const who = listed(own.map(({ agent_id }) => agent_id));
  return `${who} ${own.length > 1 ? "poll" : "polls"} for ${agent_type}, but ${what}: start an agent with these capabilities.`;
}

function absent(assignee: string, { agents, now, more_agents }: Facts): string | undefined {
  const agent = agents.find(({ agent_id }) => agent_id === assignee);
  if (agent && isThere(agent, now)) return undefined;
  if (agent) {
    return `It is for ${assignee} alone, who was last seen ${duration(now - agent.seen)} ago: start that agent.`;
  }
  if (more_agents) return undefined;
  const known = agents.map(({ agent_id }) => agent_id);
  const meant = nearest(assignee, known);
  return `It is for ${assignee} alone, and no agent of that name has ever polled.${meant ? ` Did you mean ${meant}?` : ""}`;
}

function lacks({ capabilities = [] }: AgentRecord, requires: readonly string[]): string[] {
  return requires.filter((one) => !capabilities.includes(one));
}

function isThere(agent: AgentRecord, now: number): boolean {
  return presence(agent, agent.holds?.length ?? 0, now) !== "offline";
}
