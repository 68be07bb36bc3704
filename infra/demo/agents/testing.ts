/**
 * The Testing agent: reviews each function by writing a test for every example there is and running them, and in the end
 * runs all tests of the library.
 */
import { z } from "zod";
import { example, examplesKey, implementationContext, testingContext } from "../planning/briefs.ts";
import { exampleText } from "../planning/make-plan.ts";
import { runTests } from "../testing/run-tests.ts";
import { writeTests } from "../testing/write-tests.ts";
import { CannotDo, type Desk, type HandedTask } from "./do-task.ts";
import { runWorker } from "./worker.ts";

const stateValue = z.looseObject({ value: example.array() });

await runWorker("testing", async (task, desk) => {
  if (!testingContext.safeParse(task.context).success) return review(task, desk);
  await desk.progress(20, "node --test");
  const report = await runTests(desk.setup.workspace, { signal: desk.signal });
  return { summary: `${report.passed} tests passed, ${report.failed} failed`, result: report };
});

/** A review comes with the context of the task that it judges, whose result is among the inputs by its id. */
async function review({ context, inputs = {} }: HandedTask, desk: Desk) {
  const [task_id] = Object.keys(inputs);
  if (task_id === undefined) throw new CannotDo("There is nothing to review");
  const { name, file } = implementationContext.parse(context).function;
  const { workspace } = desk.setup;
  const key = examplesKey(name);
  const { value: examples } = stateValue.parse(
    await desk.ask("get_shared_state", { run_id: desk.run_id, key }),
  );
  const testFile = `test/${name}.test.js`;
  await writeTests({ workspace, name, file, testFile, examples });
  const { passed, failures } = await runTests(workspace, { file: testFile, signal: desk.signal });
  const findings = examples.flatMap((one) => {
    const failure = failures.find(({ test }) => test === exampleText(name, one));
    return failure ? [{ example: one, said: failure.said }] : [];
  });
  const approved = failures.length === 0;
  return {
    summary: approved
      ? `approves ${task_id}: all ${passed} examples of ${name} pass`
      : `sends ${task_id} back: ${failures.length} of ${examples.length} examples of ${name} fail`,
    judged: { task_id, approved },
    result: {
      approved,
      score: passed / Math.max(1, passed + failures.length),
      feedback: approved ? "All examples pass." : failures.map(({ test }) => test).join("; "),
      findings,
    },
  };
}
