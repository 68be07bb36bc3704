/** A ready task waits for no more than an agent's next poll. */
import { presence } from "../../domain/agent.ts";
import { duration, type Explain, type Facts } from "./cause.ts";
import type { TaskRecord } from "../../domain/task.ts";

export const agent: Explain = (task, facts) => {
  if (task.status !== "ready") return undefined;
  const { agent_type, assignee, requires, not_by } = task;
  const able =
    (requires ? ` with ${requires.join(", ")}` : "") + (not_by ? ` other than ${not_by}` : "");
  const who = assignee
    ? `agent ${assignee} (${agent_type})${able}`
    : `an agent of type ${agent_type}${able}`;
  const ready = duration(facts.now - (task.ready_at ?? facts.now));
  return {
    why: "agent",
    subject: who,
    text: `Ready for ${ready}: waits for ${who} to poll.${crowd(task, facts)}`,
  };
};

function crowd({ agent_type, assignee, not_by }: TaskRecord, { agents, now }: Facts): string {
  const own = agents.filter(
    (agent) =>
      agent.agent_type === agent_type &&
      agent.agent_id !== not_by &&
      (!assignee || agent.agent_id === assignee),
  );
  const states = own.map((agent) => presence(agent, agent.holds?.length ?? 0, now));
  const busy = states.filter((state) => state === "busy").length;
  const idle = states.filter((state) => state === "idle").length;
  return busy + idle === 0 ? "" : ` ${busy} of them busy, ${idle} idle.`;
}
