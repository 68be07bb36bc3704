import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Example } from "../../infra/demo/goal/goal.ts";
import { commonKind } from "../../infra/demo/goal/values.ts";
import type { FunctionBrief } from "../../infra/demo/planning/briefs.ts";
import { writeFunction } from "../../infra/demo/synthesis/write-function.ts";

let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "write-function-"));
  await writeFile(join(workspace, "package.json"), '{ "type": "module" }');
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

function briefOf(
  description: string,
  examples: readonly Example[],
  uses: FunctionBrief["uses"] = [],
) {
  return {
    brief: {
      name: "made",
      params: (examples[0]?.args ?? []).map((_, index) => ({
        name: `p${index}`,
        kind: commonKind(examples.map(({ args }) => args[index])) ?? "text",
      })),
      returns: commonKind(examples.map(({ result }) => result)) ?? "text",
      description,
      uses: [...uses],
      file: "src/made.js",
    },
    examples,
    workspace,
  };
}

/** Calls the function as it lies in its file. */
async function callMade(...args: readonly unknown[]): Promise<unknown> {
  const url = pathToFileURL(join(workspace, "src", "made.js")).href;
  const module: { made: (...args: readonly unknown[]) => unknown } = await import(url);
  return module.made(...args);
}

test.each<[string, Example[], unknown[], unknown]>([
  ["The text backwards.", [{ args: ["abc"], result: "cba" }], ["xy"], "yx"],
  [
    "The sum.",
    [
      { args: [[1, 2]], result: 3 },
      { args: [[5]], result: 5 },
    ],
    [[4, 4]],
    8,
  ],
  [
    'The parts, joined by "-".',
    [
      { args: [["a", "b"]], result: "a-b" },
      { args: [["c"]], result: "c" },
    ],
    [["x", "y", "z"]],
    "x-y-z",
  ],
  [
    "The price less a discount; percent is a part of 100.",
    [
      { args: [50, 10], result: 45 },
      { args: [200, 25], result: 150 },
    ],
    [80, 50],
    40,
  ],
  [
    "Whether both are the same.",
    [
      { args: ["a", "a"], result: true },
      { args: ["a", "b"], result: false },
    ],
    ["q", "q"],
    true,
  ],
])(
  "finds a function that also holds for what it was not shown: %s",
  async (text, examples, args, result) => {
    expect(await writeFunction(briefOf(text, examples))).toBeDefined();
    expect(await callMade(...args)).toEqual(result);
  },
);

test("fits the examples and nothing else: another example changes what it writes", async () => {
  const shown = { args: [[2, 4]], result: 3 };
  const first = await writeFunction(briefOf("The average; zero for none.", [shown]));
  const failed = { args: [[]], result: 0 };
  const second = await writeFunction(briefOf("The average; zero for none.", [shown, failed]));
  expect(second?.expression).not.toBe(first?.expression);
  expect(await callMade([])).toBe(0);
});

test("builds on a function as it is now, not as it was loaded before", async () => {
  const used = [{ name: "base", takes: ["text" as const], returns: "text" as const }];
  const order = (result: string) => briefOf("As `base` has it.", [{ args: ["a"], result }], used);
  await mkdir(join(workspace, "src"));
  const base = join(workspace, "src", "base.js");
  await writeFile(base, 'export const base = (x) => x + "1";\n');
  expect((await writeFunction(order("a1")))?.expression).toBe("base(p0)");
  await writeFile(base, 'export const base = (x) => x + "2";\n');
  expect((await writeFunction(order("a2")))?.expression).toBe("base(p0)");
  expect(await readFile(join(workspace, "src", "made.js"), "utf8")).toContain(
    'import { base } from "./base.js";',
  );
});

test("writes nothing when no composition fits", async () => {
  const examples = [
    { args: ["a"], result: "zebra" },
    { args: ["b"], result: "quagga" },
  ];
  expect(await writeFunction(briefOf("A striped animal.", examples))).toBeUndefined();
  await expect(readFile(join(workspace, "src", "made.js"))).rejects.toThrow("ENOENT");
});

test("leaves half a file behind when it is stopped halfway", async () => {
  const stopped = new AbortController();
  await writeFunction({
    ...briefOf("The text in lower case.", [{ args: ["A"], result: "a" }]),
    halfway: () => Promise.resolve(stopped.abort()),
    signal: stopped.signal,
  });
  const half = await readFile(join(workspace, "src", "made.js"), "utf8");
  expect(half).toContain("/** The text");
  expect(half).not.toContain("}");
});
