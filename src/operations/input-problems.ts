/** Says in words what is wrong with an input: the parameter, what it may be, and what was given. */
import * as z from "zod";
import { nearest } from "../domain/nearest.ts";
import { refuse, type Refusal } from "../domain/refusal.ts";
import { unwrap } from "./unwrap.ts";

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly unknown?: boolean;
  /** The sentence about it. Called only for problems that are listed: a body may hold a hundred thousand of them. */
  readonly say: (parameter: string) => string;
}

/** Nothing of the input is repeated at greater length: it may be a megabyte, and it is not ours. */
const ECHO_LENGTH = 60;
/** More problems than these are counted, not listed. */
const LISTED = 10;

/** One refusal for all problems of a call. */
export function sayProblems(problems: readonly Problem[]): {
  readonly ok: false;
  readonly refusal: Refusal;
} {
  const listed = problems.slice(0, LISTED);
  const more = problems.length - listed.length;
  const sentences = listed.map(({ path, say }) => say(joinPath(path)));
  if (more > 0) sentences.push(`And ${more} more.`);
  const reason = problems.some((problem) => problem.unknown) ? "unknown_parameter" : "invalid";
  return refuse(reason, sentences.join(" "), {
    parameters: listed.map(({ path }) => joinPath(path)),
  });
}

/** Problems from what the schema found in `value`. */
export function describeIssues(
  schema: z.core.$ZodType,
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
): Problem[] {
  return firstOfEach(issues).map((issue) => ({
    path: issue.path,
    say: (parameter) =>
      sayIssue({
        issue,
        parameter,
        given: valueAt(value, issue.path),
        schema: schemaAt(schema, issue.path),
      }),
  }));
}

/** What is no list at all need not be told that it is too long for one. */
function firstOfEach(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const first = new Map<string, z.core.$ZodIssue>();
  for (const issue of issues) {
    const place = issue.path.map(String).join("\n");
    if (!first.has(place)) first.set(place, issue);
  }
  return [...first.values()];
}

interface Found {
  readonly issue: z.core.$ZodIssue;
  readonly parameter: string;
  readonly given: unknown;
  readonly schema: z.core.$ZodType | undefined;
}

function sayIssue({ issue, parameter, given, schema }: Found): string {
  if (given === undefined && issue.code !== "custom") {
    return `Missing: ${parameter} (${schema ? kindOf(schema) : "a value"}).`;
  }
  switch (issue.code) {
    case "invalid_type":
      return `${parameter} must be ${schema ? kindOf(schema) : kindWord(issue.expected)}; given ${show(given)}.`;
    case "invalid_value":
      return sayChoice(parameter, issue.values.map(String), given);
    case "too_small":
      return `${parameter} ${sayLimit({ origin: issue.origin, bound: "at least", limit: issue.minimum, given })}`;
    case "too_big":
      return `${parameter} ${sayLimit({ origin: issue.origin, bound: "at most", limit: issue.maximum, given })}`;
    case "custom":
      return `${parameter === "" ? "" : `${parameter}: `}${issue.message}`;
    case "unrecognized_keys":
      return `No parameter ${joinPath([...issue.path, issue.keys[0] ?? ""])}.`;
    case "invalid_format":
      if (issue.format === "datetime")
        return `${parameter} must be a time such as 2026-11-26T09:00:00Z; given ${show(given)}.`;
      return `${parameter} has not the form of ${articled(issue.format)}; given ${show(given)}.`;
    default:
      return `${parameter} must be ${schema ? kindOf(schema) : "another value"}; given ${show(given)}.`;
  }
}

function sayChoice(parameter: string, values: readonly string[], given: unknown): string {
  const meant = typeof given === "string" ? nearest(given, values) : undefined;
  const hint = meant ? ` Did you mean ${meant}?` : "";
  return `${parameter} must be one of ${values.join(", ")}; given ${show(given)}.${hint}`;
}

function sayLimit({ origin, bound, limit, given }: Limit): string {
  if (typeof given === "string" && origin === "string") {
    if (bound === "at least" && limit === 1) return "must not be empty.";
    return `must be ${bound} ${limit} characters long; given ${given.length}.`;
  }
  if (Array.isArray(given)) return `must have ${bound} ${limit} entries; given ${given.length}.`;
  return `must be ${bound} ${limit}; given ${show(given)}.`;
}

interface Limit {
  readonly origin: string;
  readonly bound: "at least" | "at most";
  readonly limit: number | bigint;
  readonly given: unknown;
}

/** A value as it may be repeated: short text and scalars as they are, the rest by its kind. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    const short = JSON.stringify(value.slice(0, ECHO_LENGTH));
    return value.length > ECHO_LENGTH ? `${short}… (${value.length} characters)` : short;
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === null || ["number", "boolean", "bigint", "undefined"].includes(typeof value)) {
    return String(value);
  }
  return `a${/^[aeiou]/.test(typeof value) ? "n" : ""} ${typeof value}`;
}

/** `tasks[2].agent_type`. */
export function joinPath(path: readonly PropertyKey[]): string {
  let joined = "";
  for (const part of path) {
    if (typeof part === "number") joined += `[${part}]`;
    else joined += `${joined === "" ? "" : "."}${nameText(String(part))}`;
  }
  return joined;
}

function nameText(name: string): string {
  return /^[\w-]{1,60}$/.test(name) ? name : show(name);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}

function schemaAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const part of path) {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) at = inner.shape[String(part)];
    else if (inner instanceof z.ZodArray) at = inner.element;
    else return undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

function kindOf(schema: z.core.$ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return `one of ${inner.options.join(", ")}`;
  if (inner instanceof z.ZodNumber) return kindWord(inner.format ?? "number");
  return kindWord(inner._zod.def.type);
}

function kindWord(kind: string): string {
  switch (kind) {
    case "string":
      return "text";
    case "int":
    case "safeint":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "an object";
    case "lazy":
    case "union":
      return "any JSON";
    default:
      return articled(kind);
  }
}

function articled(word: string): string {
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}
