/** A YAML or JSON file as a value whose every part knows where it stands. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
} from "yaml";
import type { Fault, Path, Place } from "./fault.ts";

export interface Source {
  readonly value: unknown;
  /** What is wrong with the text itself. */
  readonly faults: readonly Fault[];
  /** False when the text could not be understood, so that nothing can be said about the value. */
  readonly readable: boolean;
  /** Where a part stands, or the innermost part around it that exists. */
  readonly placeOf: (path: Path, what?: "name" | "value") => Place;
}

export function readSource(text: string, format: "json" | "yaml"): Source {
  const lines = new LineCounter();
  // JSON is YAML too; that reading knows the places.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const syntax = document.errors.map(
    ({ code, message, pos }): Fault & { readonly code: string } => ({
      code,
      path: [],
      message: code === "DUPLICATE_KEY" ? "this name stands twice in one object" : lower(message),
      place: placeAt(pos[0]),
    }),
  );
  const doubled = syntax.filter(({ code }) => code === "DUPLICATE_KEY");
  const source = {
    placeOf: (path: Path, what: "name" | "value" = "value") =>
      placeAt(offsetOf(document, { path, what })),
  };
  const read = format === "json" ? readJson(text, placeAt) : readYaml(document, syntax);
  return "faults" in read
    ? { ...source, value: undefined, readable: false, faults: read.faults }
    : { ...source, value: read.value, readable: true, faults: doubled };
}

type Read = { readonly value: unknown } | { readonly faults: readonly Fault[] };

function readYaml(
  document: Document,
  syntax: readonly (Fault & { readonly code: string })[],
): Read {
  if (syntax.some(({ code }) => code !== "DUPLICATE_KEY")) return { faults: syntax };
  try {
    const value: unknown = document.toJS();
    JSON.stringify(value); // An anchor may contain itself.
    return { value };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const first = message.startsWith("Converting circular") ? "an anchor contains itself" : message;
    return { faults: [{ path: [], message: lower(first) }] };
  }
}

function readJson(text: string, placeAt: (offset: number) => Place): Read {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = / at position (\d+)/.exec(message);
    const place = placeAt(position ? Number(position[1]) : text.length);
    const what = message.replace(/ in JSON at position.*$/s, "").replace(/, ".*$/s, "");
    return { faults: [{ path: [], message: lower(what), place }] };
  }
}

function offsetOf(
  document: Document,
  { path, what }: { readonly path: Path; readonly what: "name" | "value" },
): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    const at = resolved(node, document);
    const last = depth === path.length - 1;
    if (isMap(at)) {
      const pair = at.items.find(({ key }) => nameOf(key) === String(part));
      if (!pair) return offset;
      node = last && what === "name" ? pair.key : (pair.value ?? pair.key);
    } else if (isSeq(at)) {
      node = at.items[Number(part)];
    } else {
      return offset;
    }
    offset = startOf(node) ?? offset;
  }
  return offset;
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
