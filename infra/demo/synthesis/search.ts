/**
 * Finds a function by its examples: composes building blocks, cheapest composition first, until one gives every example's
 * result. What the task's text suggests is cheap. A composition that gives the same values as an earlier one is dropped,
 * so the search sees each behaviour once. It knows no more than the examples say: a function that it finds may be wrong
 * for any other input.
 */
import type { Example, Parameter } from "../goal/goal.ts";
import type { Kind, Value } from "../goal/values.ts";
import type { Block, Constants } from "./blocks.ts";
import { blocksFor } from "./blocks.ts";

export interface Wanted {
  readonly params: readonly Parameter[];
  readonly returns: Kind;
  /** Its words suggest blocks. */
  readonly description: string;
  readonly examples: readonly Example[];
  /** Functions of the library that it builds on. */
  readonly uses: readonly Block[];
}

export interface Found {
  /** A JavaScript expression over the parameters. */
  readonly expression: string;
  readonly tried: number;
}

interface Term {
  readonly kind: Kind;
  readonly code: string;
  /** What it gives for each example, in order. */
  readonly values: readonly Value[];
}

const COST_USED = 1;
const COST_SUGGESTED = 2;
const COST_OTHER = 6;
const COST_MAX = 28;
const TRIED_MAX = 400_000;
/** Between two such steps whoever runs the search may do other things. */
const TRIED_PER_STEP = 5_000;

/** Yields the number of compositions tried, now and then; returns the first that fits, or nothing within its limits. */
export function* search(wanted: Wanted): Generator<number, Found | undefined> {
  const constants = constantsIn(wanted);
  const blocks = [
    ...wanted.uses.map((block) => ({ block, cost: COST_USED })),
    ...blocksFor(constants).map((block) => ({ block, cost: costOf(block, wanted.description) })),
  ];
  const byCost: Term[][] = [[], startTerms(wanted, constants)];
  const seen = new Set(byCost.flat().map(behaviour));
  const goal = behaviour({
    kind: wanted.returns,
    values: wanted.examples.map(({ result }) => result),
  });
  const known = byCost[1]?.find((term) => behaviour(term) === goal);
  if (known) return { expression: known.code, tried: 0 };

  let tried = 0;
  for (let cost = 2; cost <= COST_MAX; cost++) {
    const terms: Term[] = [];
    byCost.push(terms);
    for (const { block, cost: own } of blocks) {
      for (const args of argumentsFor(block, byCost, cost - own)) {
        if (++tried % TRIED_PER_STEP === 0) yield tried;
        if (tried > TRIED_MAX) return undefined;
        const term = apply(block, args);
        if (!term) continue;
        const does = behaviour(term);
        if (does === goal) return { expression: term.code, tried };
        if (seen.has(does)) continue;
        seen.add(does);
        terms.push(term);
      }
    }
  }
  return undefined;
}

function startTerms({ params, examples }: Wanted, constants: Constants): Term[] {
  const terms = params.map(({ name, kind }, index) => ({
    kind,
    code: name,
    values: examples.map(({ args }) => at(args, index)),
  }));
  const figures = constants.numbers.map((number): Term => {
    return { kind: "number", code: String(number), values: examples.map(() => number) };
  });
  return [...terms, ...figures];
}

/** All ways to fill a block so that what it takes costs `budget` together. */
function* argumentsFor(
  { from }: Block,
  byCost: readonly (readonly Term[])[],
  budget: number,
): Generator<readonly Term[]> {
  const [first, second] = from;
  if (second === undefined) {
    for (const term of byCost[budget] ?? []) if (term.kind === first) yield [term];
    return;
  }
  for (let cost = 1; cost < budget; cost++) {
    for (const left of byCost[cost] ?? []) {
      if (left.kind !== first) continue;
      for (const right of byCost[budget - cost] ?? []) {
        if (right.kind === second) yield [left, right];
      }
    }
  }
}

function apply(block: Block, args: readonly Term[]): Term | undefined {
  const values: Value[] = [];
  const examples = args[0]?.values.length ?? 0;
  try {
    for (let index = 0; index < examples; index++) {
      const value = block.run(args.map((arg) => at(arg.values, index)));
      if (!isOf(block.to, value)) return undefined;
      values.push(value);
    }
  } catch {
    return undefined;
  }
  return { kind: block.to, code: write(block.code, args), values };
}

function isOf(kind: Kind, value: unknown): value is Value {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "truth":
      return typeof value === "boolean";
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "numbers":
      return Array.isArray(value) && value.every((item) => typeof item === "number");
  }
}

function at(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new RangeError(`There is no value ${index}`);
  return value;
}

/** Puts the arguments into a block's code; in parentheses where an operator could otherwise bind them wrongly. */
function write(code: string, args: readonly Term[]): string {
  return code.replace(/\$([12])/g, (place, digit: string, at: number) => {
    const inner = args[Number(digit) - 1]?.code ?? "";
    const alone = /[(,] ?$/.test(code.slice(0, at)) && /^[),]/.test(code.slice(at + place.length));
    return alone || !hasOuterOperator(inner) ? inner : `(${inner})`;
  });
}

/** Whether an operator stands outside all brackets and texts. */
function hasOuterOperator(code: string): boolean {
  let depth = 0;
  for (const [token] of code.matchAll(/"(?:[^"\\]|\\.)*"|\/\[.*?\]\+\/gu|[([{]|[)\]}]|\s/g)) {
    if ("([{".includes(token)) depth++;
    else if (")]}".includes(token)) depth--;
    else if (depth === 0 && token.trim() === "") return true;
  }
  return false;
}

/** Two terms that do the same for every example are written alike: NaN and -0 are told apart from null and 0. */
function behaviour({ kind, values }: Pick<Term, "kind" | "values">): string {
  const text = JSON.stringify(values, (_, value: unknown) => {
    if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0)))
      return value;
    return { number: Object.is(value, -0) ? "-0" : String(value) };
  });
  return `${kind} ${text}`;
}

function costOf(block: Block, description: string): number {
  const text = description.toLowerCase();
  const suggested = block.hints.split(" ").some((hint) => hint !== "" && text.includes(hint));
  return suggested ? COST_SUGGESTED : COST_OTHER;
}

/** Texts in quotes and numbers in the description; what stands between words in the examples; the usual few. */
function constantsIn({ description, examples }: Wanted): Constants {
  const quoted = [...description.matchAll(/"([^"]*)"/g)].flatMap((match) => match[1] ?? []);
  const figures = [...description.matchAll(/(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)/g)].map(Number);
  const between = examples.flatMap(({ args, result }) =>
    [...args, result]
      .filter((value) => typeof value === "string")
      .flatMap((value) => value.match(/[^\p{L}\p{N}\s]/gu) ?? []),
  );
  return {
    texts: [...new Set([...quoted, " ", "", ...between])],
    numbers: [...new Set([...figures, 1])],
  };
}
