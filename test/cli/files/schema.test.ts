/** The JSON Schema for editors. After a change of what a workflow may say: `npx vitest run test/cli/files -u`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../infra/local/build.ts";
import { OPTION_WORDS } from "../../../src/cli/files/option-words.ts";
import { workflowJsonSchema } from "../../../src/cli/files/workflow-schema.ts";
import { readTaskText } from "../../../src/cli/files/read-file.ts";
import { taskOptions } from "../../../src/domain/options.ts";

const CLI = join(PROJECT_ROOT, "src", "cli");

test("the file for editors says what the server takes", async () => {
  const text = `${JSON.stringify(workflowJsonSchema(), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(CLI, "workflow.schema.json"));
});

test("the workflow on the page can be run", async () => {
  const page = await readFile(join(CLI, "workflow-file.md"), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
  expect(readTaskText(example, { path: "example.yaml" })).toMatchObject({
    ok: true,
    value: { workflow: { name: "Search for the shop", tasks: { length: 3 } } },
  });
});

test("every option is explained to editors and on the page", async () => {
  const page = await readFile(join(CLI, "workflow-file.md"), "utf8");
  for (const name of Object.keys(taskOptions.shape)) {
    expect(OPTION_WORDS).toHaveProperty(name);
    expect(page).toMatch(new RegExp(`^\\| \`${name}|, \`${name}\``, "m"));
  }
  const words = JSON.stringify(workflowJsonSchema());
  for (const said of Object.values(OPTION_WORDS)) expect(words).toContain(JSON.stringify(said));
});
