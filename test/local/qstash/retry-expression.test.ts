// The arithmetic of Upstash-Retry-Delay, against a plain evaluation of the same tree.

import * as fc from "../../support/fast-check.ts";
import { expect, test } from "vitest";
import { compileRetryExpression } from "../../../infra/local/qstash/retry-expression.ts";

type Tree =
  | { kind: "number"; value: number }
  | { kind: "retried" }
  | { kind: "minus"; value: Tree }
  | { kind: "binary"; operator: string; left: Tree; right: Tree }
  | { kind: "call"; name: string; args: Tree[] };

const unary = ["sqrt", "abs", "exp", "floor", "ceil", "round"];

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.nat(1_000).map((n): Tree => ({ kind: "number", value: n / 8 })),
    fc.constant<Tree>({ kind: "retried" }),
    tie("tree").map((value): Tree => ({ kind: "minus", value })),
    fc
      .tuple(fc.constantFrom("+", "-", "*", "/"), tie("tree"), tie("tree"))
      .map(([operator, left, right]): Tree => ({ kind: "binary", operator, left, right })),
    fc
      .tuple(fc.constantFrom(...unary), tie("tree"))
      .map(([name, arg]): Tree => ({ kind: "call", name, args: [arg] })),
    fc
      .tuple(fc.constantFrom("pow", "min", "max"), tie("tree"), tie("tree"))
      .map(([name, a, b]): Tree => ({ kind: "call", name, args: [a, b] })),
  ),
})).tree;

function evaluate(node: Tree, retried: number): number {
  switch (node.kind) {
    case "number":
      return node.value;
    case "retried":
      return retried;
    case "minus":
      return -evaluate(node.value, retried);
    case "binary": {
      const [a, b] = [evaluate(node.left, retried), evaluate(node.right, retried)];
      if (node.operator === "+") return a + b;
      if (node.operator === "-") return a - b;
      return node.operator === "*" ? a * b : a / b;
    }
    case "call": {
      const [a = NaN, b = NaN] = node.args.map((arg) => evaluate(arg, retried));
      if (node.name === "pow") return Math.pow(a, b);
      if (node.name === "min") return Math.min(a, b);
      if (node.name === "max") return Math.max(a, b);
      if (node.name === "sqrt") return Math.sqrt(a);
      if (node.name === "abs") return Math.abs(a);
      if (node.name === "exp") return Math.exp(a);
      if (node.name === "floor") return Math.floor(a);
      if (node.name === "ceil") return Math.ceil(a);
      return a < 0 ? -Math.round(-a) : Math.round(a);
    }
  }
}

/** Writes parentheses only where precedence needs them, so that precedence itself is tested. */
function write(node: Tree, space: string): string {
  switch (node.kind) {
    case "number":
      return String(node.value);
    case "retried":
      return "retried";
    case "minus":
      return `-${node.value.kind === "binary" ? `(${write(node.value, space)})` : write(node.value, space)}`;
    case "call":
      return `${node.name}(${node.args.map((arg) => write(arg, space)).join(`,${space}`)})`;
    case "binary": {
      const rank = rankOf(node);
      const left = write(node.left, space);
      const right = write(node.right, space);
      const a = rankOf(node.left) < rank ? `(${left})` : left;
      const b = rankOf(node.right) <= rank ? `(${right})` : right;
      return `${a}${space}${node.operator}${space}${b}`;
    }
  }
}

function rankOf(node: Tree): number {
  if (node.kind !== "binary") return 3;
  return node.operator === "*" || node.operator === "/" ? 2 : 1;
}

test("any expression means what a plain evaluation of its tree gives", () => {
  fc.assert(
    fc.property(tree, fc.nat(20), fc.constantFrom("", " ", "  "), (node, retried, space) => {
      const expected = evaluate(node, retried);
      expect(compileRetryExpression(write(node, space)).evaluate(retried) + 0).toBe(expected + 0);
    }),
    { numRuns: 2_000 },
  );
});

/** What comes of a text: the type of its value, or the name of the error. */
function outcomeOf(source: string): string {
  try {
    return typeof compileRetryExpression(source).evaluate(1);
  } catch (error) {
    return error instanceof Error ? error.name : "something else";
  }
}

test("any text is either compiled or refused by name, never anything else", () => {
  const pieces = fc.constantFrom(
    "1",
    "2.5",
    "retried",
    "pow",
    "max",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    " ",
    "x",
    "$",
    "constructor",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
      expect(outcomeOf(list.join(""))).toMatch(/^(number|RetryExpressionError)$/);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["1000", 1_000],
  ["1000 * (1 + retried)", 3_000],
  ["pow(2, retried) * 1000", 4_000],
  ["max(1000, pow(2, retried) * 100)", 1_000],
  ["1e3", 1_000],
  ["2 - 3 - 4", -5],
  ["8 / 4 / 2", 1],
])("gives for the documented form %s at the third attempt", (source, delay) => {
  expect(compileRetryExpression(source).evaluate(2)).toBe(delay);
});

test.each([
  ["", /the end/],
  ["1 +", /the end/],
  ["(1", /"\)" is due/],
  ["1 2", /Unexpected "2"/],
  ["pow(2)", /"," is due/],
  ["sqrt(1, 2)", /"\)" is due/],
  ["pow 2", /"\(" is due/],
  ["tries * 2", /Unknown name "tries"/],
  ["constructor(1)", /Unknown name "constructor"/],
  ["1 $ 2", /after position 1/],
  ["(".repeat(200) + "1" + ")".repeat(200), /nested too deeply/],
  ["-".repeat(5_000) + "1", /nested too deeply/],
])("refuses %.20s and says where it fails", (source, message) => {
  expect(() => compileRetryExpression(source)).toThrow(message);
});
