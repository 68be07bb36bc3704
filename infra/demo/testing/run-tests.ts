/** Runs the tests of a workspace with Node's own runner and reads what it reports. */
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { TestReport } from "../planning/briefs.ts";

const line = z.object({ test: z.string(), ok: z.boolean(), said: z.string().optional() });

const REPORTER = import.meta.resolve("./event-reporter.ts");

async function testFiles(workspace: string): Promise<string[]> {
  const names = await readdir(join(workspace, "test"));
  return names.filter((name) => name.endsWith(".test.js")).map((name) => `test/${name}`);
}

/** All tests, or those of one file. A file that cannot even be loaded counts as one failed test of its own name. Throws when the runner itself fails. */
export async function runTests(
  workspace: string,
  { file, signal }: { file?: string; signal?: AbortSignal } = {},
): Promise<TestReport> {
  const files = file === undefined ? await testFiles(workspace) : [file];
  const args = ["--test", `--test-reporter=${REPORTER}`, ...files];
  // A runner that is itself part of a test run would report to that one instead.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: workspace,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal ? { signal } : {}),
  });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const lines = output
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => line.parse(JSON.parse(text)));
  if (lines.length === 0 || code === null) {
    throw new Error(`node --test reported nothing: ${complaints.slice(0, 500)}`);
  }
  const failures = lines
    .filter(({ ok }) => !ok)
    .map(({ test, said = "it failed" }) => ({ test, said: said.slice(0, 500) }));
  return { passed: lines.length - failures.length, failed: failures.length, failures };
}
