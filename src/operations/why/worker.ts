/** Somebody works on it. */
import { type Explain, seconds } from "./cause.ts";

export const worker: Explain = ({ task_id, status, attempt, lease, message }, { now }) => {
  if (status !== "running") return undefined;
  if (!lease || lease.ended || lease.until_ms <= now) {
    const text = "Its lease has ended; it becomes ready again with the next call.";
    return { why: "worker", subject: task_id, text };
  }
  const says = message === undefined ? "" : ` It says: ${message}`;
  const text = `${lease.agent_id} works on it (attempt ${attempt}); its lease ends in ${seconds(lease.until_ms - now)} s unless renewed.${says}`;
  return { why: "worker", subject: task_id, text };
};
