/** Its worker asked something, and nobody has answered yet. */
import type { Explain } from "./cause.ts";

export const question: Explain = (task) => {
  if (task.suspended_for !== "answer") return undefined;
  const { task_id, lease, question = "" } = task;
  const text = `${lease?.agent_id} waits for an answer: control_task {action: "answer", task_ids: ["${task_id}"], text: "…"}. It asks: ${question}`;
  return { why: "question", subject: task_id, text };
};
