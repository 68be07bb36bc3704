/** Writes the test file of one function: a test for each example, named after it. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Example } from "../goal/goal.ts";
import { exampleText } from "../planning/make-plan.ts";

export async function writeTests(about: {
  readonly workspace: string;
  readonly name: string;
  /** Path of the function's file and of the one to write, relative to the workspace. */
  readonly file: string;
  readonly testFile: string;
  readonly examples: readonly Example[];
}): Promise<void> {
  const { name } = about;
  const tests = about.examples.map((example) => {
    const args = example.args.map((arg) => JSON.stringify(arg)).join(", ");
    return [
      `test(${JSON.stringify(exampleText(name, example))}, () => {`,
      `  assert.deepEqual(${name}(${args}), ${JSON.stringify(example.result)});`,
      "});",
    ].join("\n");
  });
  const head = [
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    `import { ${name} } from "../${about.file}";`,
  ].join("\n");
  const path = join(about.workspace, about.testFile);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${[head, ...tests].join("\n\n")}\n`);
}
