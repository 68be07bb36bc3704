/** What is wrong with a file, and where. */
import { joinPath } from "../../operations/input-problems.ts";

export type Path = readonly (string | number)[];

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Fault {
  /** Names and indices that lead to what is wrong; empty for the file as a whole. */
  readonly path: Path;
  /** Whether the name is wrong, or its value. */
  readonly what?: "name" | "value";
  readonly message: string;
  /** Known beforehand where the text itself is wrong. */
  readonly place?: Place;
}

/** More are counted, not listed: nobody reads them, and most follow from the first ones. */
const LISTED = 100;

/** `build.yaml:12:5: tasks[3].dependencies[0]: unknown key "tset"`, one line for each fault, in the order of the file. */
export function faultLines(
  file: string,
  faults: readonly Fault[],
  placeOf: (path: Path, what?: "name" | "value") => Place,
): string[] {
  const placed = faults
    .map((fault) => ({ ...fault, place: fault.place ?? placeOf(fault.path, fault.what) }))
    .toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  const lines = placed.slice(0, LISTED).map(({ path, message, place }) => {
    const where = path.length > 0 ? `${joinPath(path)}: ` : "";
    return `${file}:${place.line}:${place.column}: ${where}${message}`;
  });
  const more = placed.length - lines.length;
  return more > 0 ? [...lines, `And ${more} more.`] : lines;
}
