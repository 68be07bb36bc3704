/**
 * What a result schema may be: JSON Schema 2020-12 without what could make its check endless or send it elsewhere.
 * References lead to `$defs` of the same schema and never in a circle, so that a schema is a finite tree; `uniqueItems`
 * compares each with each.
 */
import { LIMITS } from "./limits.ts";
import { nearest } from "./nearest.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

type Check = (value: unknown, at: Place) => void;

/** Where the walk is: says what is wrong there, and goes on into a subschema. */
interface Place {
  readonly depth: number;
  readonly fault: (what: string) => void;
  readonly into: (name: string) => Place;
}

const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"];

const schema: Check = (value, at) => {
  if (typeof value === "boolean") return;
  if (!isObject(value)) return at.fault("must be a schema, an object");
  if (at.depth > LIMITS.schema_depth) {
    return at.fault(`lies deeper than ${LIMITS.schema_depth} levels`);
  }
  for (const [name, part] of Object.entries(value)) {
    const check = KEYWORDS.get(name);
    if (check) check(part, at.into(name));
    else {
      const meant = nearest(name, [...KEYWORDS.keys()]);
      at.into(clip(name)).fault(`not supported${meant ? `; did you mean ${meant}?` : ""}`);
    }
  }
};

const schemas: Check = (value, at) => {
  if (!Array.isArray(value) || value.length === 0) return at.fault("must be a list of schemas");
  value.forEach((part, index) => schema(part, at.into(String(index))));
};

const schemaMap: Check = (value, at) => {
  if (!isObject(value)) return at.fault("must be an object of schemas");
  for (const [name, part] of Object.entries(value)) schema(part, at.into(clip(name)));
};

const patternMap: Check = (value, at) => {
  schemaMap(value, at);
  if (isObject(value)) for (const name of Object.keys(value)) pattern(name, at.into(clip(name)));
};

const pattern: Check = (value, at) => {
  if (typeof value !== "string" || value.length > LIMITS.schema_pattern_length) {
    return at.fault(`must be a pattern of at most ${LIMITS.schema_pattern_length} characters`);
  }
  if (NESTED_REPETITION.test(value)) return at.fault("repeats a repetition: that may never end");
  if (!isRegExp(value)) at.fault("is no regular expression");
};

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text, "u").source !== "";
  } catch {
    return false;
  }
}

/** `(a+)+` and its like take time without bound on a text that does not fit. */
const NESTED_REPETITION = /[*+}][^()]*\)[*+{]/;

const strings: Check = (value, at) => {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) {
    at.fault("must be a list of names");
  }
};

const stringMap: Check = (value, at) => {
  if (!isObject(value)) return at.fault("must be an object of lists of names");
  for (const [name, part] of Object.entries(value)) strings(part, at.into(clip(name)));
};

const type: Check = (value, at) => {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (names.length === 0 || names.some((name) => !TYPES.includes(String(name)))) {
    at.fault(`must be one of ${TYPES.join(", ")}, or a list of them`);
  }
};

const list: Check = (value, at) => {
  if (!Array.isArray(value) || value.length === 0) at.fault("must be a list of values");
};

const reference: Check = (value, at) => {
  if (typeof value !== "string" || !LOCAL.test(value)) {
    at.fault('must be "#/$defs/" and a name of letters, digits, "_" and "-"');
  }
};

const LOCAL = /^#\/(\$defs|definitions)\/([\w-]+)$/;

const count = matching((value) => Number.isInteger(value) && Number(value) >= 0, "a whole number");
const number = matching((value) => typeof value === "number", "a number");
const divisor = matching((value) => typeof value === "number" && value > 0, "a number above 0");
const text = matching((value) => typeof value === "string", "a text");
const flag = matching((value) => typeof value === "boolean", "true or false");
const anything: Check = () => {};

function matching(test: (value: unknown) => boolean, what: string): Check {
  return (value, at) => {
    if (!test(value)) at.fault(`must be ${what}`);
  };
}

/** Applied to the value itself or to parts of it: what the size of a schema is counted by. */
const ONE = ["not", "if", "then", "else", "additionalProperties", "propertyNames", "contains"];
const SINGLE = [...ONE, "items"];
const MANY = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS = ["properties", "patternProperties", "dependentSchemas"];

const KEYWORDS = new Map<string, Check>([
  ...named(SINGLE, schema),
  ...named(MANY, schemas),
  ...named(["properties", "dependentSchemas", "$defs", "definitions"], schemaMap),
  ["patternProperties", patternMap],
  ["pattern", pattern],
  ["type", type],
  ["required", strings],
  ["dependentRequired", stringMap],
  ["$ref", reference],
  ["const", anything],
  ["default", anything],
  ...named(["enum", "examples"], list),
  ...named(["minProperties", "maxProperties", "minItems", "maxItems"], count),
  ...named(["minContains", "maxContains", "minLength", "maxLength"], count),
  ...named(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], number),
  ["multipleOf", divisor],
  ...named(["title", "description", "$comment", "$schema", "format"], text),
  ...named(["deprecated", "readOnly", "writeOnly"], flag),
]);

function named(names: readonly string[], check: Check): [string, Check][] {
  return names.map((name) => [name, check]);
}

/** Everything that is wrong with a schema, each with its place; `where` leads the places. */
export function schemaFaults(given: JsonObject, where: string): string[] {
  const bytes = new TextEncoder().encode(JSON.stringify(given)).byteLength;
  if (bytes > LIMITS.schema_bytes) {
    return [`${where} has ${bytes} bytes; at most ${LIMITS.schema_bytes} are allowed`];
  }
  const faults: string[] = [];
  const placed = (path: string, depth: number): Place => ({
    depth,
    fault: (what) => void faults.push(`${path}: ${what}`),
    into: (name) => placed(`${path}.${name}`, depth + 1),
  });
  schema(given, placed(where, 0));
  if (faults.length === 0) faults.push(...sizeFaults(given, where));
  return faults;
}

/** A schema is as large as it is with its references written out: what a check of a value may cost. */
function sizeFaults(given: JsonObject, where: string): string[] {
  const sizes = new Map<unknown, number>();
  const open = new Set<unknown>();
  const faults = new Set<string>();
  const sizeOf = (node: unknown): number => {
    if (!isObject(node)) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    if (open.has(node)) {
      faults.add(`${where}: its references lead in a circle`);
      return 1;
    }
    open.add(node);
    const size = 1 + partsOf(node).reduce((sum: number, part) => sum + sizeOf(part), 0);
    open.delete(node);
    sizes.set(node, size);
    return size;
  };
  const partsOf = (node: JsonObject): unknown[] => [
    ...SINGLE.flatMap((name) => (node[name] === undefined ? [] : [node[name]])),
    ...MANY.flatMap((name) => node[name] ?? []),
    ...MAPS.flatMap((name) => Object.values(node[name] ?? {})),
    ...(typeof node["$ref"] === "string" ? [target(node["$ref"])] : []),
  ];
  const target = (ref: string): unknown => {
    const found = referred(given, ref);
    if (found === undefined) faults.add(`${where}: nothing stands at ${ref}`);
    return found;
  };
  const size = sizeOf(given);
  if (size > LIMITS.schema_parts) {
    faults.add(`${where} has ${size} subschemas; at most ${LIMITS.schema_parts} are allowed`);
  }
  return [...faults];
}

/** The subschema that a reference within `root` means. */
export function referred(root: JsonObject, ref: string): unknown {
  const [, defs = "", name = ""] = LOCAL.exec(ref) ?? [];
  const named = root[defs];
  return isObject(named) && Object.hasOwn(named, name) ? named[name] : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function clip(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40).toWellFormed()}…` : name;
}
