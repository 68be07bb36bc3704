/** The building blocks that the implementation agents compose functions from. */
import type { Kind, Value } from "../goal/values.ts";

/** One step of a function: what it takes, what it gives, how it is written and what it does. */
export interface Block {
  readonly from: readonly Kind[];
  readonly to: Kind;
  /** JavaScript in which `$1` and `$2` stand for what it takes. */
  readonly code: string;
  /** Words in a task's text that suggest it. */
  readonly hints: string;
  /** Throws, or gives what is no value, where the step makes no sense. */
  readonly run: (args: readonly Value[]) => unknown;
}

interface Types {
  text: string;
  number: number;
  truth: boolean;
  texts: readonly string[];
  numbers: readonly number[];
}

/** Constants that a task's text and examples suggest, for the blocks that need one. */
export interface Constants {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

export function blocksFor(constants: Constants): Block[] {
  const counts = constants.numbers.filter((number) => Number.isInteger(number) && number > 0);
  return [
    ...TEXT_BLOCKS,
    ...LIST_BLOCKS,
    ...NUMBER_BLOCKS,
    ...constants.texts.flatMap((text) => {
      const code = JSON.stringify(text);
      const hints = `join split ${text === "" ? "gap letters" : ""}${text === " " ? "words" : ""}`;
      return [
        block(["text"], "texts", `$1.split(${code})`, hints, (x) => x.split(text)),
        block(["texts"], "text", `$1.join(${code})`, hints, (x) => x.join(text)),
      ];
    }),
    ...counts.flatMap(firstOf),
  ];
}

function firstOf(count: number): Block[] {
  const code = `$1.slice(0, ${count})`;
  return [
    block(["texts"], "texts", code, "first top", (x) => x.slice(0, count)),
    block(["numbers"], "numbers", code, "first top largest smallest", (x) => x.slice(0, count)),
    block(["text"], "text", code, "first cut", (x) => x.slice(0, count)),
  ];
}

/** Makes a block. Its `run` is called with values of the kinds in `from` only: the search sees to that. */
function block<const From extends readonly Kind[]>(
  from: From,
  to: Kind,
  code: string,
  hints: string,
  run: (...args: { [Index in keyof From]: Types[From[Index]] }) => Value,
): Block {
  return {
    from,
    to,
    code,
    hints,
    run: (args) => run(...(args as { [Index in keyof From]: Types[From[Index]] })),
  };
}

const capitalised = (x: string) => x.charAt(0).toUpperCase() + x.slice(1);
const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const longest = (x: readonly string[]) => x.reduce((a, b) => (b.length > a.length ? b : a), "");

const CAPITALISED = "$1.charAt(0).toUpperCase() + $1.slice(1)";
const LETTERS = /[^\p{L}\p{N}]+/gu;
const SUM = "$1.reduce((a, b) => a + b, 0)";

const TEXT_BLOCKS: readonly Block[] = [
  block(["text"], "text", "$1.trim()", "trim around space", (x) => x.trim()),
  block(["text"], "text", "$1.toLowerCase()", "lower small", (x) => x.toLowerCase()),
  block(["text"], "text", "$1.toUpperCase()", "upper capitals", (x) => x.toUpperCase()),
  block(["text"], "text", CAPITALISED, "capital", capitalised),
  block(["text"], "text", "$1.charAt(0)", "first initial", (x) => x.charAt(0)),
  block(["text"], "text", '$1.split("").toReversed().join("")', "reverse backwards", (x) =>
    x.split("").toReversed().join(""),
  ),
  block(["text"], "text", '$1.replace(/[^\\p{L}\\p{N}]+/gu, " ")', "punctuation", (x) =>
    x.replace(LETTERS, " "),
  ),
  block(["text"], "number", "$1.length", "length long letters", (x) => x.length),
  block(["text"], "number", "Number($1)", "number", Number),
  block(["text", "text"], "text", "$1 + $2", "followed", (a, b) => a + b),
  block(["text", "text"], "truth", "$1 === $2", "same equal", (a, b) => a === b),
  block(["text", "text"], "truth", "$1.includes($2)", "contain within", (a, b) => a.includes(b)),
];

const LIST_BLOCKS: readonly Block[] = [
  block(["texts"], "text", '($1[0] ?? "")', "first", (x) => x[0] ?? ""),
  block(["texts"], "text", '($1.at(-1) ?? "")', "last", (x) => x.at(-1) ?? ""),
  block(
    ["texts"],
    "text",
    '$1.reduce((a, b) => (b.length > a.length ? b : a), "")',
    "longest",
    longest,
  ),
  block(["texts"], "number", "$1.length", "many count number", (x) => x.length),
  block(["numbers"], "number", "$1.length", "many count", (x) => x.length),
  block(["texts"], "texts", "$1.toReversed()", "reverse descending", (x) => x.toReversed()),
  block(["numbers"], "numbers", "$1.toReversed()", "reverse descending", (x) => x.toReversed()),
  block(["texts"], "texts", "$1.toSorted()", "sort order alphabet", (x) => x.toSorted()),
  block(["numbers"], "numbers", "$1.toSorted((a, b) => a - b)", "sort order largest", (x) =>
    x.toSorted((a, b) => a - b),
  ),
  block(["texts"], "texts", "[...new Set($1)]", "different distinct", (x) => [...new Set(x)]),
  block(["numbers"], "numbers", "[...new Set($1)]", "different distinct", (x) => [...new Set(x)]),
  block(["texts"], "texts", '$1.filter((x) => x !== "")', "without empty", (x) =>
    x.filter((item) => item !== ""),
  ),
  block(["texts"], "texts", "$1.map((x) => x.toLowerCase())", "lower small", (x) =>
    x.map((item) => item.toLowerCase()),
  ),
  block(["texts"], "texts", "$1.map((x) => x.toUpperCase())", "upper capitals", (x) =>
    x.map((item) => item.toUpperCase()),
  ),
  block(
    ["texts"],
    "texts",
    "$1.map((x) => x.charAt(0).toUpperCase() + x.slice(1))",
    "capital",
    (x) => x.map(capitalised),
  ),
  block(["texts"], "texts", "$1.map((x) => x.charAt(0))", "first initial", (x) =>
    x.map((item) => item.charAt(0)),
  ),
  block(["texts"], "numbers", "$1.map((x) => x.length)", "length long", (x) =>
    x.map((item) => item.length),
  ),
];

const NUMBER_BLOCKS: readonly Block[] = [
  block(["numbers"], "number", SUM, "sum total all", sum),
  block(["numbers"], "number", `${SUM} / $1.length`, "average mean", (x) => sum(x) / x.length),
  block(["numbers"], "number", "Math.max(...$1)", "largest highest maximum", (x) => Math.max(...x)),
  block(["numbers"], "number", "Math.min(...$1)", "smallest lowest minimum", (x) => Math.min(...x)),
  block(["numbers"], "numbers", "$1.filter((x) => x % 2 === 0)", "even", (x) =>
    x.filter((item) => item % 2 === 0),
  ),
  block(["numbers"], "numbers", "$1.filter((x) => x > 0)", "positive", (x) =>
    x.filter((item) => item > 0),
  ),
  block(["number"], "number", "Math.round($1)", "round whole", Math.round),
  block(["number"], "number", "Math.abs($1)", "distance absolute", Math.abs),
  block(["number"], "number", "$1 || 0", "zero", (x) => x || 0),
  block(["number", "number"], "number", "$1 + $2", "plus add", (a, b) => a + b),
  block(["number", "number"], "number", "$1 - $2", "minus from less", (a, b) => a - b),
  block(["number", "number"], "number", "$1 * $2", "times of multiply", (a, b) => a * b),
  block(["number", "number"], "number", "$1 / $2", "divided by per part", (a, b) => a / b),
  block(["number", "number"], "truth", "$1 > $2", "more larger greater", (a, b) => a > b),
  block(["number", "number"], "truth", "$1 === $2", "same equal", (a, b) => a === b),
];
