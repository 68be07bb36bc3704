/** It waits for nothing any more. */
import { isTerminal } from "../../domain/lifecycle.ts";
import type { Explain } from "./cause.ts";

export const ended: Explain = ({ task_id, status, skipped_because, error_code, discarded_at }) => {
  if (!isTerminal(status)) return undefined;
  const cause = { why: "ended", subject: status } as const;
  if (status === "skipped") {
    const text = skipped_because
      ? `Skipped because ${skipped_because} did not complete: if ${skipped_because} is retried and completes, it comes back.`
      : "Skipped because none of its dependencies failed.";
    return { ...cause, text };
  }
  if (status === "failed" && discarded_at === undefined) {
    const text = `Failed (${error_code}); it waits for nothing any more. control_task {action: "retry", task_ids: ["${task_id}"]} tries it again, discard puts it away.`;
    return { ...cause, text };
  }
  return { ...cause, text: `It is ${status}; it waits for nothing any more.` };
};
