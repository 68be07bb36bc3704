/**
 * The Planning agent: splits a goal into tasks of its own task, and waits for them. Comes back with all of them done, or
 * says what could not be done.
 */
import { z } from "zod";
import type { Goal } from "../goal/goal.ts";
import { parseGoal } from "../goal/parse-goal.ts";
import { examplesKey, planningContext, testReport } from "../planning/briefs.ts";
import { asJson, makePlan } from "../planning/make-plan.ts";
import { CannotDo, type Desk, type HandedTask } from "./do-task.ts";
import { runWorker } from "./worker.ts";

const child = z.looseObject({
  task_id: z.string(),
  title: z.string(),
  status: z.string(),
  error: z.string().optional(),
  result: z.unknown().optional(),
});

await runWorker("planning", async (task, desk) => {
  const goal = readGoal(task);
  return task.children ? conclude(child.array().parse(task.children)) : delegate(goal, desk);
});

function readGoal({ context }: HandedTask): Goal {
  const parsed = parseGoal(planningContext.parse(context).goal);
  if (parsed.ok) return parsed.goal;
  const faults = parsed.faults.map(({ line, reason }) => `line ${line}: ${reason}`);
  throw new CannotDo(`The goal cannot be planned: ${faults.join("; ")}`);
}

/** What reviewers judge by lies in the run's shared state, where implementers do not look. */
async function delegate(goal: Goal, { ask, run_id, setup, created }: Desk) {
  for (const { name, examples } of goal.functions) {
    await ask("set_shared_state", { run_id, key: examplesKey(name), value: asJson(examples) });
  }
  const tasks = makePlan(goal);
  const options = { lease_seconds: setup.lease_seconds };
  await ask("create_workflow", { name: goal.name, tasks, options, idempotency_key: run_id });
  created(tasks.length);
  return { status: "waiting" as const, summary: `${tasks.length} tasks; waits for them` };
}

function conclude(children: readonly z.infer<typeof child>[]) {
  const failed = children.find(({ status }) => status === "failed");
  if (failed) throw new CannotDo(`${failed.title}: ${failed.error ?? "it failed"}`);
  const report = children
    .map(({ result }) => testReport.safeParse(result))
    .find(({ success }) => success);
  if (!report?.data) throw new CannotDo("Nobody has run the tests");
  const { passed, failed: broken } = report.data;
  return {
    summary: `the library is there, ${passed} tests pass`,
    result: { passed, failed: broken },
  };
}
