import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTests } from "../../infra/demo/testing/run-tests.ts";
import { writeTests } from "../../infra/demo/testing/write-tests.ts";

let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "run-tests-"));
  await writeFile(join(workspace, "package.json"), '{ "type": "module" }');
  await mkdir(join(workspace, "src"));
  await writeTests({
    workspace,
    name: "half",
    file: "src/half.js",
    testFile: "test/half.test.js",
    examples: [
      { args: [4], result: 2 },
      { args: [3], result: 1.5 },
    ],
  });
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

function implement(source: string): Promise<void> {
  return writeFile(join(workspace, "src", "half.js"), source);
}

test("reports that all passed", async () => {
  await implement("export const half = (x) => x / 2;\n");
  expect(await runTests(workspace)).toEqual({ passed: 2, failed: 0, failures: [] });
});

test("reports each failed test by its example, with what the runner said", async () => {
  await implement("export const half = (x) => x >> 1;\n");
  expect(await runTests(workspace)).toEqual({
    passed: 1,
    failed: 1,
    failures: [{ test: "half(3) is 1.5", said: expect.stringContaining("1 !== 1.5") }],
  });
});

test("reports what a function threw", async () => {
  await implement('export const half = () => { throw new Error("not today"); };\n');
  const { failures } = await runTests(workspace);
  expect(failures.map(({ said }) => said)).toEqual(["not today", "not today"]);
});

test("counts a file that cannot be loaded as one failed test of its name", async () => {
  await implement("export const hal");
  const { passed, failed, failures } = await runTests(workspace);
  expect({ passed, failed }).toEqual({ passed: 0, failed: 1 });
  expect(failures[0]?.test).toBe("test/half.test.js");
});
