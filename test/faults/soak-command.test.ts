/** The command line of the soak. What the soak itself finds takes minutes, and is run by hand. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_ROOT } from "../../infra/local/build.ts";

const soak = (...args: string[]) =>
  spawnSync(process.execPath, [join(PROJECT_ROOT, "infra", "soak", "main.ts"), ...args], {
    encoding: "utf8",
  });

test("--help says what it does and names each flag", () => {
  const { status, stdout } = soak("--help");
  expect(status).toBe(0);
  for (const flag of ["--minutes N", "--agents N", "--seed TEXT", "--help"]) {
    expect(stdout).toContain(flag);
  }
});

test.each([
  [["--minutes", "soon"], "--minutes takes a number up to 1440."],
  [["--agents", "1"], "--agents takes a whole number from 2 to 100."],
  [["--minute", "1"], "No flag --minute; did you mean --minutes? See --help."],
])("%j is refused with exit code 2", (args, message) => {
  const { status, stderr } = soak(...args);
  expect([status, stderr.trim()]).toEqual([2, message]);
});
