/** The Orchestrator: has a goal planned, queues the plan, and orders fixes until the tests pass or patience ends. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseGoal } from "../goal/parse-goal.ts";
import type { PlannedTask, TestReport } from "../planning/briefs.ts";
import { plan as planSchema, testReport } from "../planning/briefs.ts";
import { nextRound } from "../planning/next-round.ts";
import { connectBaton } from "./baton-client.ts";
import { ordersThrough } from "./orders.ts";
import { linkToStarter } from "./starter-link.ts";

const ROUNDS_MAX = 4;

const { setup, report } = linkToStarter();
const baton = await connectBaton(setup, (tool) => report({ event: "called", tool }));
const orders = ordersThrough(baton, setup.lease_seconds);
const runs: string[] = [];
const reports: TestReport[] = [];
report({ event: "ready", protocol: baton.protocol });

const problem = await carryOut().catch((error: unknown) => {
  return error instanceof Error ? error.message : String(error);
});
const tasks = (await Promise.all(runs.map((run_id) => orders.tasks(run_id)))).flat();
report({
  event: "outcome",
  tasks: tasks.length,
  completed: tasks.filter(({ status }) => status === "completed").length,
  attempts: tasks.reduce((sum, { attempt }) => sum + attempt, 0),
  tests_passed: reports.at(-1)?.passed ?? 0,
  tests_failed: reports.at(-1)?.failed ?? 0,
  rounds: reports.length,
  ...(problem === undefined ? {} : { problem }),
});

/** Answers with what went wrong, or with nothing when the tests pass. */
async function carryOut(): Promise<string | undefined> {
  const text = await readFile(setup.goal_file ?? "", "utf8");
  const parsed = parseGoal(text);
  if (!parsed.ok) return "The goal file has faults.";
  const { goal } = parsed;

  report({ event: "created", tasks: 1 });
  const planning = await orders.task({
    agent_type: "planning",
    task_description: `Plan the library ${goal.name}\nSplit the goal into tasks that agents can do in parallel.`,
    context: { goal: text },
  });
  runs.push(planning.slice(0, planning.indexOf("t")));
  await orders.ended({ task_id: planning });
  const { plan } = z.object({ plan: planSchema }).parse(await orders.result(planning));

  let work: readonly PlannedTask[] = plan.tasks;
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    report({ event: "created", tasks: work.length });
    const workflow = await orders.workflow(`${goal.name}, round ${round}`, work);
    runs.push(workflow.run_id);
    await orders.ended(workflow);
    const failed = (await orders.tasks(workflow.run_id)).find(({ status }) => status === "failed");
    if (failed) await orders.result(failed.task_id); // Throws what the worker said.
    const outcome = testReport.parse(await orders.result(workflow.taskId(`round-${round}`)));
    reports.push(outcome);
    if (outcome.failed === 0) return undefined;
    work = nextRound({ goal, plan, reports });
    if (work.length === 0) return "Tests failed that belong to no example of the goal.";
    report({
      event: "says",
      text: `tests failed: ${outcome.failed}, so fixes are due: ${work.length - 1}`,
    });
  }
  return `Tests still fail after ${ROUNDS_MAX} rounds.`;
}
