// Looks a program up on the PATH without running it.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The full path of the first executable of that name, or undefined. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
