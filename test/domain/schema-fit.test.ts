/** What does not fit a schema is said in words that help to mend it. */
import { expect, test } from "vitest";
import { misfits, sentence } from "../../src/domain/schema-fit.ts";

const SCHEMA = {
  type: "object",
  required: ["approved", "items"],
  additionalProperties: false,
  properties: {
    approved: { type: "boolean" },
    score: { type: "number", maximum: 1 },
    items: { type: "array", items: { $ref: "#/$defs/item" } },
    kind: { anyOf: [{ const: "a" }, { type: "integer" }] },
    not: { type: "string" },
  },
  $defs: { item: { type: "object", required: ["name"], properties: { name: { pattern: "^a" } } } },
};

const said = (value: unknown): string => sentence(misfits(SCHEMA, value));

test("what fits has no misfits", () => {
  expect(misfits(SCHEMA, { approved: true, items: [{ name: "ab" }], kind: "a" })).toEqual([]);
});

test.each([
  ["nothing at all", null, "result: object expected, not null."],
  ["what is missing", {}, "Missing: approved (boolean), items (array)."],
  ["a wrong type", { approved: "yes", items: [] }, "approved: boolean expected, not string."],
  ["a limit", { approved: true, items: [], score: 2 }, "score: maximum is 1."],
  ["what is too much", { approved: true, items: [], more: 1 }, "Not allowed: more."],
  ["a place within", { approved: true, items: [{ name: "b" }] }, 'items.0.name: pattern is "^a".'],
  ["behind a reference", { approved: true, items: [{}] }, "Missing: items.0.name."],
  ["a choice, as one", { approved: true, items: [], kind: "c" }, "kind: does not fit anyOf."],
  [
    "a property named like a keyword",
    { approved: true, items: [], not: 1 },
    "not: string expected, not number.",
  ],
])("%s", (_, value, says) => {
  expect(said(value)).toBe(says);
});

test("several problems are said at once", () => {
  expect(said({ score: 2, items: 3, x: 1 })).toBe(
    "Missing: approved (boolean). Not allowed: x. score: maximum is 1. items: array expected, not number.",
  );
});

test("a long list of problems is cut, and as long as may be it is no fault of the server", () => {
  const schema = { type: "array", items: { type: "string", minLength: 3 } };
  const text = sentence(
    misfits(
      schema,
      Array.from({ length: 100_000 }, () => 1),
    ),
  );
  expect(text).toMatch(/ and \d+ more\.$/);
  expect(text.length).toBeLessThan(400);
});

test("keys that are names of JavaScript's own are taken as keys", () => {
  const schema = { required: ["constructor"], properties: { constructor: { type: "string" } } };
  expect(misfits(schema, {})).toEqual(["Missing: constructor (string)"]);
  expect(misfits(schema, JSON.parse('{"__proto__":1,"constructor":"x"}'))).toEqual([]);
});
