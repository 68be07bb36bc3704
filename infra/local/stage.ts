/**
 * Lays out a Worker's sources as they are bundled, in `.baton/worker`: as they stand, but Lua as text in modules and without
 * its comments, which are a quarter of what the scripts weigh. As part of the bundle they are compressed together. Two may
 * run at once: a file is put in its place by a rename, and only where it differs.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** Not part of the Worker. */
const LEFT_OUT = "cli";

const LUA_IMPORT = /(from "[^"]+\.lua)"/g;

/** Returns the folder that stands for `src` of `root`. */
export async function stage(root: string): Promise<string> {
  const from = join(root, "src");
  const to = join(root, ".baton", "worker");
  const staged = new Set<string>();
  for (const file of await filesIn(from)) {
    const name = relative(from, file);
    if (name.startsWith(LEFT_OUT)) continue;
    const text = await readFile(file, "utf8");
    const isLua = name.endsWith(".lua");
    const target = join(to, isLua ? `${name}.js` : name);
    staged.add(target);
    await put(target, isLua ? asModule(text) : text.replaceAll(LUA_IMPORT, '$1.js"'));
  }
  for (const file of await filesIn(to)) {
    if (!staged.has(file) && !file.endsWith(FRESH)) await rm(file, { force: true });
  }
  return to;
}

/** A comment of ours takes its line alone, and no text of ours spans lines. Indentation stays: `enclose.ts` goes by it. */
function asModule(lua: string): string {
  const lines = lua.split("\n").filter((line) => !/^\s*(?:--|$)/.test(line));
  return `export default ${JSON.stringify(lines.join("\n"))};\n`;
}

const FRESH = ".fresh";

async function put(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.${randomUUID()}${FRESH}`;
  await writeFile(fresh, text);
  await rename(fresh, path);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
