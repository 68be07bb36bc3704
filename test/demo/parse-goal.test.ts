import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseGoal } from "../../infra/demo/goal/parse-goal.ts";
import { PROJECT_ROOT } from "../../infra/local/build.ts";

const GOOD = `# kit
Small things.

## double(text)

A text, twice. Builds on \`same\`.

- double("ab") is "abab"
- double(") is ") is ") is ) is "

## same(text)
A text as it is.
- same("x") is "x"
- same("") is ""
`;

/** Faults as "line: reason". */
function faultsOf(text: string): string[] {
  const parsed = parseGoal(text);
  return parsed.ok ? [] : parsed.faults.map(({ line, reason }) => `${line}: ${reason}`);
}

test("reads functions with their parameters, examples, kinds and what they build on", () => {
  const parsed = parseGoal(GOOD);
  expect(parsed.ok && parsed.goal).toEqual({
    name: "kit",
    description: "Small things.",
    functions: [
      {
        name: "double",
        params: [{ name: "text", kind: "text" }],
        description: "A text, twice. Builds on `same`.",
        uses: ["same"],
        returns: "text",
        examples: [
          { args: ["ab"], result: "abab" },
          { args: [") is "], result: ") is ) is " },
        ],
      },
      {
        name: "same",
        params: [{ name: "text", kind: "text" }],
        description: "A text as it is.",
        uses: [],
        returns: "text",
        examples: [
          { args: ["x"], result: "x" },
          { args: [""], result: "" },
        ],
      },
    ],
  });
});

test.each(["goal.md", "goal-figures.md"])("finds no fault in the example %s", (file) => {
  const text = readFileSync(join(PROJECT_ROOT, "infra", "demo", file), "utf8");
  expect(faultsOf(text)).toEqual([]);
});

test("reads lines that end in CRLF", () => {
  expect(faultsOf(GOOD.replaceAll("\n", "\r\n"))).toEqual([]);
});

test.each([
  ["", ["1: A goal begins with a title: # name-of-the-library"]],
  ["# kit\n", ["1: No function: add a heading such as ## slugify(title)"]],
  [GOOD.replace("# kit", "My goal"), ["1: Expected the title first: # name-of-the-library"]],
  [
    GOOD.replace("## double(text)", "## double"),
    ["4: Expected a function's heading: ## name(parameter, …)"],
  ],
  [
    GOOD.replace("## double(text)", "## double()"),
    [`4: "" is no parameter's name; each function takes at least one`],
  ],
  [
    GOOD.replace("(text)", "(class)"),
    ['4: "class" has a meaning of its own in JavaScript; take another name'],
  ],
  [
    GOOD.replace("`same`", "`smae`"),
    ["6: `smae` is no function of this library; backticks are for those"],
  ],
  [GOOD.replace("`same`", "`double`"), ["6: double cannot build on itself"]],
  [
    GOOD.replace("as it is", "as `double` makes it"),
    ["4: These build on each other in a circle: double, same"],
  ],
  [
    GOOD.replace('- double("ab") is "abab"\n', ""),
    ["4: double needs at least 2 examples, it has 1"],
  ],
  [
    GOOD.replace('double("ab") is', 'double("ab", 2) is'),
    ["8: double takes 1 (text), this gives it 2"],
  ],
  [
    GOOD.replace('is "abab"', "is abab"),
    ['8: Expected double(…) is …, with values as in JSON: "text", 12, true, ["a", "b"], [1, 2]'],
  ],
  [GOOD.replace('- double("ab")', '- dubble("ab")'), ["8: Expected an example: double(…) is …"]],
  [
    GOOD.replace('is "abab"', 'is ["ab", 2]'),
    ["8: A value is a text, a number, true or false, or a list of texts or of numbers"],
  ],
  [
    GOOD.replace('is "abab"', "is 4"),
    ["4: The examples of double have results of different kinds"],
  ],
  [
    GOOD.replace('double("ab")', "double(7)"),
    ["4: The examples of double give text values of different kinds"],
  ],
  [
    GOOD.replace('same("") is ""', 'same("x") is "y"'),
    ["14: An earlier example gives this call another result"],
  ],
  [
    GOOD.replace("## same", "## Double"),
    [
      "6: `same` is no function of this library; backticks are for those",
      "11: There is already a function Double",
    ],
  ],
  [
    `${GOOD}${"more ".repeat(1_200)}`,
    [expect.stringMatching("^1: A goal has at most 6000 characters")],
  ],
])("says line and reason of a fault (%#)", (text, faults) => {
  expect(faultsOf(text)).toEqual(expect.arrayContaining(faults));
});

test("lists all faults at once, in the order of lines", () => {
  const text = GOOD.replace("`same`", "`smae`").replace('same("") is ""', "same() is");
  expect(faultsOf(text).map((fault) => Number.parseInt(fault, 10))).toEqual([6, 11, 14]);
});
