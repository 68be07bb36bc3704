/** An Implementation agent: writes one function of the library, composed so that it fits the examples it was given. */
import { implementationContext } from "../planning/briefs.ts";
import { writeFunction } from "../synthesis/write-function.ts";
import { CannotDo } from "./do-task.ts";
import { runWorker } from "./worker.ts";

await runWorker("implementation", async (context, desk) => {
  const { function: brief, examples, failures = [] } = implementationContext.parse(context);
  const known = [...examples, ...failures.map(({ example }) => example)];
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
