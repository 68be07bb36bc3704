/**
 * Lays out the Worker's sources as they are bundled, in `.baton/worker`: as they stand, but Lua without its comments and
 * most of its indentation, a quarter of what the scripts weigh. Wrangler runs it before it bundles (`[build]` in
 * wrangler.toml). Two may run at once: a file is put in its place by a rename, and only where it differs.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

const FROM = "src";
const TO = join(".baton", "worker");
/** Not part of the Worker. */
const LEFT_OUT = join(FROM, "cli");

const files = await filesIn(FROM);
const staged = new Set();
for (const file of files) {
  if (file.startsWith(LEFT_OUT)) continue;
  const target = join(TO, relative(FROM, file));
  staged.add(target);
  const text = await readFile(file, "utf8");
  await put(target, file.endsWith(".lua") ? withoutComments(text) : text);
}
for (const file of await filesIn(TO).catch(() => [])) {
  if (!staged.has(file) && !file.endsWith(".new")) await rm(file, { force: true });
}

/**
 * A comment of ours takes its line alone, and no text of ours spans lines. One space stays before what is indented: what
 * stands at the top level is told by its place (`src/store/enclose.ts`).
 */
function withoutComments(lua) {
  return lua
    .split("\n")
    .map((line) => line.replace(/^\s+/, " ").trimEnd())
    .filter((line) => line !== "" && !/^ ?--/.test(line))
    .join("\n");
}

async function put(path, text) {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.${randomUUID()}.new`;
  await writeFile(fresh, text);
  await rename(fresh, path);
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
