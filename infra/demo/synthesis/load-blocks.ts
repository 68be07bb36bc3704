/** Makes functions that the library already has into building blocks for the next one. */
import { randomUUID } from "node:crypto";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionBrief } from "../planning/briefs.ts";
import type { Block } from "./blocks.ts";

/**
 * Loads them from `src/` of the workspace as they are now. Node keeps each module under its address for good, so they are
 * loaded from a copy with an address of its own: a function that was fixed meanwhile is then the fixed one, and so is
 * what it imports.
 */
export async function loadBlocks(uses: FunctionBrief["uses"], workspace: string): Promise<Block[]> {
  if (uses.length === 0) return [];
  const copy = join(workspace, `.loaded-${randomUUID()}`);
  try {
    await cp(join(workspace, "src"), copy, { recursive: true });
    return await Promise.all(uses.map((used) => loadBlock(used, copy)));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function loadBlock(
  { name, takes, returns }: FunctionBrief["uses"][number],
  directory: string,
): Promise<Block> {
  const module: unknown = await import(pathToFileURL(join(directory, `${name}.js`)).href);
  const exported: unknown = Reflect.get(Object(module), name);
  if (typeof exported !== "function") throw new Error(`src/${name}.js exports no function ${name}`);
  const places = takes.map((_, index) => `$${index + 1}`).join(", ");
  return {
    from: takes,
    to: returns,
    code: `${name}(${places})`,
    hints: "",
    run: (args) => Reflect.apply(exported, undefined, args),
  };
}
