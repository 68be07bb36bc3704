/** Somebody goes first for a moment: the agent that had the task before, or any but the one that handed it back. */
import { type Explain, seconds } from "./cause.ts";

export const turn: Explain = (task, { now, agents }) => {
  const { status, prefer, avoid, agent_type, attempts = [] } = task;
  if (status !== "ready") return undefined;
  if (prefer && prefer.until_ms > now) {
    const { agent_id, until_ms } = prefer;
    const knows = attempts.some((attempt) => attempt.agent_id === agent_id);
    const who = knows ? "who worked on it before" : "who was woken for it";
    const text = `${agent_id}, ${who}, goes first for ${seconds(until_ms - now)} s; then anybody of type ${agent_type}.`;
    return { why: "turn", subject: agent_id, text };
  }
  const others = agents.some(
    (agent) => agent.agent_type === agent_type && agent.agent_id !== avoid?.agent_id,
  );
  if (avoid && avoid.until_ms > now && !others) {
    const { agent_id, until_ms } = avoid;
    const text = `${agent_id} handed it back, so that others of type ${agent_type} go first for ${seconds(until_ms - now)} s; there are none.`;
    return { why: "turn", subject: agent_id, text };
  }
  return undefined;
};
