/** The Orchestrator: hands a goal to whoever plans, and waits until it is carried out, or something needs a person. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseGoal } from "../goal/parse-goal.ts";
import { connectBaton } from "./baton-client.ts";
import { ordersThrough, type TaskState } from "./orders.ts";
import { linkToStarter } from "./starter-link.ts";

/** More than the functions of any goal. */
const TASKS_MAX = 100;

const { setup, report } = linkToStarter();
const baton = await connectBaton(setup, (tool) => report({ event: "called", tool }));
const orders = ordersThrough(baton);
const outcome = z.object({ passed: z.int(), failed: z.int() });
let tasks: readonly TaskState[] = [];
let tests = { passed: 0, failed: 0 };
report({ event: "ready", protocol: baton.protocol });

const problem = await carryOut().catch((error: unknown) => {
  return error instanceof Error ? error.message : String(error);
});
report({
  event: "outcome",
  tasks: tasks.length,
  completed: tasks.filter(({ status }) => status === "completed").length,
  attempts: tasks.reduce((sum, { attempt }) => sum + attempt, 0),
  tests_passed: tests.passed,
  tests_failed: tests.failed,
  ...(problem === undefined ? {} : { problem }),
});

/** Answers with what went wrong, or with nothing when the tests pass. */
async function carryOut(): Promise<string | undefined> {
  const text = await readFile(setup.goal_file ?? "", "utf8");
  const parsed = parseGoal(text);
  if (!parsed.ok) return "The goal file has faults.";
  const { name } = parsed.goal;
  report({ event: "created", tasks: 1 });
  const run_id = await orders.workflow(name, [
    {
      key: "plan",
      agent_type: "planning",
      task_description: `Have the library ${name} built\nSplit the goal into tasks of your own, and wait for them.`,
      context: { goal: text },
      options: {
        lease_seconds: setup.lease_seconds,
        delegation: { max_depth: 1, max_tasks: TASKS_MAX },
      },
    },
  ]);
  await orders.ended(run_id, (need) => report({ event: "says", text: need }));
  tasks = await orders.tasks(run_id);
  tests = outcome.parse(await orders.result(`${run_id}t1`));
  return tests.failed === 0 ? undefined : `Tests fail: ${tests.failed}`;
}
