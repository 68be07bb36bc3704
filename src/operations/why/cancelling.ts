/** Its run is being cancelled, and its turn has not come yet; or its deadline has passed. */
import { isTerminal } from "../../domain/lifecycle.ts";
import { runOf } from "../../domain/ids.ts";
import type { Explain } from "./cause.ts";

export const cancelling: Explain = ({ task_id, status, deadline }, { now, runs }) => {
  if (isTerminal(status)) return undefined;
  const run_id = runOf(task_id);
  const run = runs.get(run_id);
  if (run?.cancelled && run.status === "active") {
    const text = `${run_id} is being cancelled, and this task ends with it, by itself and soon.`;
    return { why: "cancelling", subject: run_id, text };
  }
  if (deadline !== undefined && deadline <= now) {
    const text = "Its deadline has passed: it ends with one of the next calls.";
    return { why: "cancelling", subject: "deadline", text };
  }
  return undefined;
};
