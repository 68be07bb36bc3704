/** Finds a function by its examples and writes its file into the workspace. */
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { Example } from "../goal/goal.ts";
import type { FunctionBrief } from "../planning/briefs.ts";
import { loadBlocks } from "./load-blocks.ts";
import { search } from "./search.ts";
import type { Found } from "./search.ts";

export interface FunctionOrder {
  readonly brief: FunctionBrief;
  readonly examples: readonly Example[];
  readonly workspace: string;
  /** Awaited when half of the file is written. */
  readonly halfway?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Nothing when no composition fits. The functions that it builds on are taken from the workspace as they are. */
export async function writeFunction(order: FunctionOrder): Promise<Found | undefined> {
  const { brief, examples, workspace, signal } = order;
  const uses = await loadBlocks(brief.uses, workspace);
  const { params, returns, description } = brief;
  const steps = search({ params, returns, description, examples, uses });
  let step = steps.next();
  while (!step.done) {
    await breathe(); // Heartbeats are sent meanwhile.
    if (signal?.aborted) return undefined;
    step = steps.next();
  }
  const found = step.value;
  if (found) await writeFile(order, sourceOf(brief, found.expression));
  return found;
}

function sourceOf(brief: FunctionBrief, expression: string): string {
  const imports = brief.uses
    .filter(({ name }) => expression.includes(`${name}(`))
    .map(({ name }) => `import { ${name} } from "./${name}.js";\n`);
  const params = brief.params.map(({ name }) => name).join(", ");
  return [
    ...imports,
    imports.length > 0 ? "\n" : "",
    `/** ${brief.description.replaceAll("*/", "* /")} */\n`,
    `export function ${brief.name}(${params}) {\n`,
    `  return ${expression};\n`,
    "}\n",
  ].join("");
}

async function writeFile(
  { brief, workspace, halfway, signal }: FunctionOrder,
  source: string,
): Promise<void> {
  const path = join(workspace, brief.file);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    const middle = Math.floor(source.length / 2);
    await file.write(source.slice(0, middle));
    await halfway?.();
    if (!signal?.aborted) await file.write(source.slice(middle));
  } finally {
    await file.close();
  }
}
