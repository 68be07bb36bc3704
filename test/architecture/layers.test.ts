import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";

/** A rule that matches nothing looks like a rule that holds: a planted violation per layer proves that it looks. */
const PLANTED = "test/architecture/planted/src";
const layers = readdirSync(PLANTED).filter((name) => name !== "cycle");

test.each(layers)("the linter refuses a forbidden import in src/%s", (layer) => {
  expect(lint(`${PLANTED}/${layer}/planted.ts`)).toContain("no-restricted-imports");
});

test("the linter refuses an import cycle", () => {
  expect(lint(`${PLANTED}/cycle/one.ts`)).toContain("no-cycle");
});

function lint(path: string): string {
  try {
    return execFileSync("node_modules/.bin/oxlint", [path], { encoding: "utf8" });
  } catch (error) {
    return error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
  }
}
