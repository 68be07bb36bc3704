/** The end of a demo in words: what was built, what it took, where it is. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "./board.ts";

/** Nothing went wrong: every task completed and every test passes. */
export function succeeded({ outcome }: Board): boolean {
  return (
    outcome !== undefined &&
    outcome.problem === undefined &&
    outcome.completed === outcome.tasks &&
    outcome.tests_failed === 0 &&
    outcome.tests_passed > 0
  );
}

export async function summary(about: {
  readonly board: Board;
  readonly goal: string;
  readonly workspace: string;
  /** Path of the workspace as people should read it. */
  readonly shownWorkspace: string;
  readonly engine: string;
  readonly seconds: number;
}): Promise<string> {
  const { board, goal, engine } = about;
  const { outcome, calls } = board;
  const facts: [string, string][] = [
    ["goal", goal],
    [
      "tasks",
      `${outcome?.completed ?? board.completed} of ${outcome?.tasks ?? board.tasks} completed`,
    ],
    ...(outcome
      ? ([
          ["attempts", `${outcome.attempts}`],
          ["requeues", `${board.requeues}`],
          ["sent back", `${board.sent_back}`],
          ["tests", `${outcome.tests_passed} passed, ${outcome.tests_failed} failed`],
        ] satisfies [string, string][])
      : []),
    ["time", `${about.seconds.toFixed(1)} s`],
    ["calls", [...calls].map(([tool, count]) => `${tool} ${count}`).join(", ")],
    ["redis", engine],
    ["workspace", about.shownWorkspace],
  ];
  return [
    "",
    ...(await built(about.workspace)),
    ...facts.map(([name, value]) => `${name.padEnd(10)} ${value}`),
    ...(outcome?.problem === undefined ? [] : ["", `Problem: ${outcome.problem}`]),
    "",
  ].join("\n");
}

/** Each function as it was written. */
async function built(workspace: string): Promise<string[]> {
  const names = await readdir(join(workspace, "src")).catch(() => []);
  const bodies = await Promise.all(
    names
      .filter((name) => name.endsWith(".js"))
      .map(async (name) => {
        const source = await readFile(join(workspace, "src", name), "utf8");
        const [, head, body] = /function (\w+\([^)]*\)) \{\n\s*return (.*);\n/.exec(source) ?? [];
        return head === undefined ? [] : [head, `    ${body}`];
      }),
  );
  const lines = bodies.flat();
  return lines.length > 0 ? ["Built:", ...lines.map((line) => `  ${line}`), ""] : [];
}
