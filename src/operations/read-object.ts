/** Reads an object as clients write it into the names and values of a schema. What is wrong in it is found afterwards. */
import * as z from "zod";
import { IGNORED, RENAMED, RENAMED_VALUES, suggestName } from "./input-names.ts";
import type { Problem } from "./input-problems.ts";
import { isBoolean, isNumber, isObject, parsedIf, parseText } from "./json-text.ts";
import { unwrap } from "./unwrap.ts";

interface Place<Schema> {
  readonly schema: Schema;
  readonly value: unknown;
  readonly path: readonly PropertyKey[];
  readonly problems: Problem[];
}

/** What is left of `value` after names and values are read; what cannot be, goes to `problems`. */
export function readObject({
  schema,
  value,
  path,
  problems,
}: Place<z.ZodObject> & { readonly value: Readonly<Record<string, unknown>> }) {
  const names = Object.keys(schema.shape);
  const read = new Map<string, unknown>();
  for (const [written, part] of Object.entries(value)) {
    const name = nameOf(written, names, value);
    const field = name === undefined ? undefined : schema.shape[name];
    if (name === undefined || field === undefined) {
      if (isOpen(schema)) read.set(written, part);
      else if (!IGNORED.has(written)) problems.push(unknownName(written, names, path));
    } else if (!isAbsent(part, field)) {
      read.set(name, readValue({ schema: field, value: part, path: [...path, name], problems }));
    }
  }
  // `fromEntries` defines properties; assigning to a name such as __proto__ would do something else.
  return Object.fromEntries(read);
}

function readValue({ schema, value, path, problems }: Place<z.core.$ZodType>): unknown {
  const due = unwrap(schema);
  if (due instanceof z.ZodObject) {
    const object = parseText(value);
    if (isObject(object)) return readObject({ schema: due, value: object, path, problems });
    return typeof object === "string" && isErrorShape(due) ? plainError(object) : value;
  }
  if (due instanceof z.ZodArray) {
    const list = parseText(value);
    if (!Array.isArray(list)) return value;
    return list.map((part: unknown, index) =>
      readValue({ schema: due.element, value: part, path: [...path, index], problems }),
    );
  }
  if (due instanceof z.ZodRecord) return parsedIf(isObject, value);
  if (due instanceof z.ZodNumber) return parsedIf(isNumber, value);
  if (due instanceof z.ZodBoolean) return parsedIf(isBoolean, value);
  if (due instanceof z.ZodEnum) return renamedValue(due, value);
  // Any JSON (`z.json()` is lazy): text that is an object or a list is read as such, because clients whose schema says
  // "object" send it as text; all other text, "5" and "true" included, stays the text it is.
  if (due instanceof z.ZodLazy || due instanceof z.ZodUnion) return parseText(value);
  return value;
}

/** The parameter that `written` means, or undefined for one that does not exist. */
function nameOf(
  written: string,
  names: readonly string[],
  value: Readonly<Record<string, unknown>>,
): string | undefined {
  if (names.includes(written)) return written;
  const other = RENAMED.get(written);
  return other !== undefined && names.includes(other) && !Object.hasOwn(value, other)
    ? other
    : undefined;
}

function unknownName(
  written: string,
  names: readonly string[],
  path: readonly PropertyKey[],
): Problem {
  return {
    path: [...path, written],
    unknown: true,
    say: (parameter) => {
      const meant = suggestName(written, names);
      const hint = meant ? `did you mean ${meant}?` : `it takes ${names.join(", ")}.`;
      return `No parameter ${parameter}; ${hint}`;
    },
  };
}

/** `null` and `""` mean "not given" where a parameter may be left out. */
function isAbsent(value: unknown, field: z.core.$ZodType): boolean {
  if (value === undefined) return true;
  return (value === null || value === "") && z.safeParse(field, undefined).success;
}

function isOpen(schema: z.ZodObject): boolean {
  return schema.def.catchall !== undefined && !(schema.def.catchall instanceof z.ZodNever);
}

/** An error may be sent as a sentence. */
function isErrorShape(schema: z.ZodObject): boolean {
  return "message" in schema.shape && "category" in schema.shape;
}

function plainError(message: string) {
  return { message, category: "agent_error" };
}

function renamedValue(schema: z.ZodEnum, value: unknown): unknown {
  if (typeof value !== "string" || schema.options.includes(value)) return value;
  const other = RENAMED_VALUES.get(value);
  return other !== undefined && schema.options.includes(other) ? other : value;
}
