/** The Planning agent: turns a goal into tasks. */
import { parseGoal } from "../goal/parse-goal.ts";
import { planningContext } from "../planning/briefs.ts";
import { makePlan } from "../planning/make-plan.ts";
import { CannotDo } from "./do-task.ts";
import { runWorker } from "./worker.ts";

await runWorker("planning", async (context) => {
  const parsed = parseGoal(planningContext.parse(context).goal);
  if (!parsed.ok) {
    const faults = parsed.faults.map(({ line, reason }) => `line ${line}: ${reason}`);
    throw new CannotDo(`The goal cannot be planned: ${faults.join("; ")}`);
  }
  const plan = makePlan(parsed.goal);
  return { summary: `a plan of ${plan.tasks.length} tasks`, result: { plan } };
});
