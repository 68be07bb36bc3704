/** An Implementation agent: writes one function of the library, composed so that it fits the examples that it knows. */
import { feedback, implementationContext } from "../planning/briefs.ts";
import { writeFunction } from "../synthesis/write-function.ts";
import { CannotDo } from "./do-task.ts";
import { runWorker } from "./worker.ts";

await runWorker("implementation", async (task, desk) => {
  const { function: brief, examples } = implementationContext.parse(task.context);
  // What a reviewer found wrong once must stay right: all earlier reviews count.
  const reviews = task.feedback === undefined ? [] : feedback.parse(task.feedback).reviews;
  const found = reviews.flatMap(({ findings = [] }) => findings);
  const known = [...examples, ...found.map(({ example }) => example)];
  await desk.progress(10, `looking for ${brief.name} by ${known.length} examples`);
  const written = await writeFunction({
    brief,
    examples: known,
    workspace: desk.setup.workspace,
    halfway: desk.freezePoint,
    signal: desk.signal,
  });
  if (!written)
    throw new CannotDo(`No composition of the known blocks fits the examples of ${brief.name}`);
  return {
    summary: `${brief.file}, the first fit of ${written.tried + 1} tried`,
    result: { file: brief.file, expression: written.expression, tried: written.tried },
  };
});
