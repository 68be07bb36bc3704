/** What a result schema may be: whatever could not be checked, or not in bounded time, is refused with its place. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { schemaFaults } from "../../src/domain/result-schema.ts";

test("a schema as people write them is accepted", () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Findings",
    type: "object",
    required: ["files"],
    additionalProperties: false,
    properties: {
      files: { type: "array", minItems: 1, items: { $ref: "#/$defs/file" } },
      note: { type: ["string", "null"], maxLength: 200 },
      kind: { enum: ["bug", "chore"], default: "bug" },
      cost: { type: "number", minimum: 0, multipleOf: 0.5 },
    },
    $defs: { file: { type: "string", pattern: String.raw`^src/[\w/-]+\.ts$` } },
  };
  expect(schemaFaults(schema, "s")).toEqual([]);
});

test.each([
  ["a misspelt keyword", { requierd: ["a"] }, "s.requierd: not supported; did you mean required?"],
  ["an unknown type", { properties: { a: { type: "text" } } }, "s.properties.a.type: must be one"],
  ["a remote reference", { $ref: "https://example.org/s" }, "s.$ref: must be"],
  ["a reference to nothing", { $ref: "#/$defs/a", $defs: {} }, "s: nothing stands at #/$defs/a"],
  ["an identifier", { $id: "https://example.org/s" }, "s.$id: not supported"],
  ["a broken pattern", { pattern: "(" }, "s.pattern: is no regular expression"],
  ["a pattern that may never end", { pattern: "^(a+)+$" }, "s.pattern: repeats a repetition"],
  ["a pattern as a name", { patternProperties: { "(": true } }, "s.patternProperties.(: is no"],
  ["a list where a schema is due", { items: [{}] }, "s.items: must be a schema"],
  ["no list where one is due", { anyOf: {} }, "s.anyOf: must be a list of schemas"],
  ["an empty choice", { enum: [] }, "s.enum: must be a list of values"],
  ["a negative count", { minLength: -1 }, "s.minLength: must be a whole number"],
  ["what compares each with each", { uniqueItems: true }, "s.uniqueItems: not supported"],
])("%s is refused", (_, schema, says) => {
  expect(schemaFaults(schema, "s").join("; ")).toContain(says);
});

test("a circle of references is refused", () => {
  const tree = { properties: { left: { $ref: "#/$defs/tree" } } };
  expect(schemaFaults({ $ref: "#/$defs/tree", $defs: { tree } }, "s")).toEqual([
    "s: its references lead in a circle",
  ]);
});

test("references that double what they stand for are counted as what they amount to", () => {
  const doubled = (next: string) => ({ allOf: [{ $ref: next }, { $ref: next }] });
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`a${n}`, n === 39 ? {} : doubled(`#/$defs/a${n + 1}`)]),
  );
  const [fault] = schemaFaults({ $ref: "#/$defs/a0", $defs }, "s");
  expect(fault).toMatch(`at most ${LIMITS.schema_parts} are allowed`);
});

test("a schema that is too large or too deep is refused with the limit", () => {
  const large = schemaFaults({ description: "x".repeat(LIMITS.schema_bytes) }, "s");
  expect(large.join()).toContain(`at most ${LIMITS.schema_bytes}`);
  let deep: Record<string, unknown> = {};
  for (let level = 0; level <= LIMITS.schema_depth; level++) deep = { not: deep };
  expect(schemaFaults(deep, "s").join()).toContain(`deeper than ${LIMITS.schema_depth} levels`);
});
