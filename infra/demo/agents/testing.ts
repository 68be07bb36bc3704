/** The Testing agent: writes tests from examples, runs them all with `node --test`, and reports what failed and how. */
import { testingContext } from "../planning/briefs.ts";
import { runTests } from "../testing/run-tests.ts";
import { writeTests } from "../testing/write-tests.ts";
import { runWorker } from "./worker.ts";

await runWorker("testing", async (context, { setup, progress, signal }) => {
  const brief = testingContext.parse(context);
  if (brief.job === "write") {
    const { function: tested, test_file: testFile, examples } = brief;
    await writeTests({ workspace: setup.workspace, ...tested, testFile, examples });
    return { summary: `${testFile}, ${examples.length} tests`, result: { file: testFile } };
  }
  await progress(20, "node --test");
  const report = await runTests(setup.workspace, signal);
  return { summary: `${report.passed} tests passed, ${report.failed} failed`, result: report };
});
