/** Whether a result fits its schema, and in words what is missing or wrong. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { LIMITS } from "./limits.ts";
import { isObject, type JsonObject, referred } from "./result-schema.ts";

interface Fault {
  readonly keyword: string;
  /** `#/properties/score/maximum`: where the schema says so. */
  readonly keywordLocation: string;
  /** `#/score`: where in the value. */
  readonly instanceLocation: string;
}

/** Nothing where the value fits; else some sentence parts: first what is missing, then what is too much or wrong. */
export function misfits(schema: JsonObject, value: unknown): string[] {
  const faults = faultsOf(schema, value).slice(0, FAULTS_READ);
  if (faults.length === 0) return [];
  const found = { missing: new Set<string>(), extra: new Set<string>(), wrong: new Set<string>() };
  for (const fault of faults.filter(standsAlone(faults))) {
    const node = nodeAt(schema, fault.keywordLocation);
    const part = valueAt(value, fault.instanceLocation);
    const place = (name: string): string => within(fault.instanceLocation, name);
    if (fault.keyword === "required") {
      for (const name of lacking(node, part)) found.missing.add(place(name) + typeOf(node, name));
    } else if (fault.keyword === "additionalProperties") {
      for (const name of superfluous(node, part)) found.extra.add(place(name));
    } else if (!CONTAINING.has(fault.keyword)) {
      found.wrong.add(describe(fault, { node, part }));
    }
  }
  const said = [...listed("Missing", found.missing), ...listed("Not allowed", found.extra)];
  const all = [...said, ...found.wrong];
  return all.length > 0 ? all : ["It does not fit"];
}

function listed(what: string, names: ReadonlySet<string>): string[] {
  return names.size > 0 ? [`${what}: ${some([...names], ", ")}`] : [];
}

/** What one branch of a choice lacks is no fault by itself. */
function standsAlone(faults: readonly Fault[]): (fault: Fault) => boolean {
  const choices = faults
    .filter(({ keyword }) => CHOICES.has(keyword))
    .map(({ keywordLocation }) => `${keywordLocation}/`);
  return ({ keywordLocation }) => !choices.some((choice) => keywordLocation.startsWith(choice));
}

const CHOICES = new Set(["anyOf", "oneOf", "contains", "propertyNames"]);

/** A long list may have as many faults as items: the first ones say it all. */
const FAULTS_READ = 500;

/** All faults, or the first where they are too many to be collected. */
function faultsOf(schema: JsonObject, value: unknown): readonly Fault[] {
  // The check notes on its schema where each part of it stands.
  const own = structuredClone(schema) as Schema;
  const first = new Validator(own, "2020-12", true).validate(value);
  if (first.valid) return [];
  try {
    return new Validator(own, "2020-12", false).validate(value).errors;
  } catch (error) {
    if (error instanceof RangeError) return first.errors;
    throw error;
  }
}

/** They say only that something within them does not fit, which says so itself. */
const CONTAINING = new Set([
  "$ref",
  "allOf",
  "properties",
  "patternProperties",
  "dependentSchemas",
  "items",
  "prefixItems",
  "if",
  "false",
]);

function describe(
  { keyword, instanceLocation }: Fault,
  { node, part }: { node: unknown; part: unknown },
): string {
  const place = placeOf(instanceLocation);
  const wanted = isObject(node) ? node[keyword] : undefined;
  switch (keyword) {
    case "type":
      return `${place}: ${names(wanted)} expected, not ${kindOf(part)}`;
    case "anyOf":
    case "oneOf":
    case "not":
    case "contains":
    case "propertyNames":
    case "dependentRequired":
      return `${place}: does not fit ${keyword}`;
    default: {
      const shown = JSON.stringify(wanted) ?? "";
      return `${place}: ${keyword} is ${shown.length > 100 ? `${shown.slice(0, 100).toWellFormed()}…` : shown}`;
    }
  }
}

function superfluous(node: unknown, value: unknown): string[] {
  if (!isObject(node) || node["additionalProperties"] !== false || !isObject(value)) return [];
  const known = isObject(node["properties"]) ? node["properties"] : {};
  const patterns = Object.keys(node["patternProperties"] ?? {}).map(
    (text) => new RegExp(text, "u"),
  );
  return Object.keys(value).filter(
    (name) => !Object.hasOwn(known, name) && !patterns.some((pattern) => pattern.test(name)),
  );
}

function lacking(node: unknown, value: unknown): string[] {
  const names = isObject(node) && Array.isArray(node["required"]) ? node["required"] : [];
  return names.map(String).filter((name) => !isObject(value) || !Object.hasOwn(value, name));
}

function typeOf(node: unknown, name: string): string {
  const properties = isObject(node) ? node["properties"] : undefined;
  const own = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : {};
  const type = isObject(own) ? own["type"] : undefined;
  return type === undefined ? "" : ` (${names(type)})`;
}

/** One type, or some. */
function names(type: unknown): string {
  return [type].flat().map(String).join(" or ");
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function tokensOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => decodeURI(token).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function placeOf(pointer: string): string {
  return tokensOf(pointer).join(".") || "result";
}

function within(pointer: string, name: string): string {
  return [...tokensOf(pointer), name].join(".");
}

function valueAt(value: unknown, pointer: string): unknown {
  return tokensOf(pointer).reduce<unknown>(step, value);
}

/** The part of the schema whose keyword it is. */
function nodeAt(root: JsonObject, pointer: string): unknown {
  return tokensOf(pointer)
    .slice(0, -1)
    .reduce<unknown>((node, token) => {
      const next = step(node, token);
      return token === "$ref" && typeof next === "string" ? referred(root, next) : next;
    }, root);
}

function step(node: unknown, token: string): unknown {
  return typeof node === "object" && node !== null && Object.hasOwn(node, token)
    ? (node as Record<string, unknown>)[token]
    : undefined;
}

function some(items: readonly string[], between: string): string {
  const shown = items.slice(0, LIMITS.problems_shown).join(between);
  const left = items.length - LIMITS.problems_shown;
  return left > 0 ? `${shown} and ${left} more` : shown;
}

/** One sentence of a list of misfits, not too long to be read. */
export function sentence(misfits: readonly string[]): string {
  return `${some(misfits, ". ")}.`;
}
