/** An open circuit breaker keeps a ready task from agents. */
import { breakerReason } from "../breakers.ts";
import type { Explain } from "./cause.ts";

export const breaker: Explain = (task, facts) => {
  if (task.status !== "ready") return undefined;
  const text = breakerReason(facts, task);
  return text === undefined ? undefined : { why: "breaker", subject: task.agent_type, text };
};
