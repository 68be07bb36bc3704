/** The scratch folder in which the demo's agents work. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

const DAY_MS = 86_400_000;
const KEPT = "kept-";

/** Makes a fresh one under `root`. Those of earlier demos are removed a day later, unless they were made to be kept. */
export async function makeWorkspace(root: string, { keep }: { keep: boolean }): Promise<string> {
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    const path = join(root, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (!name.startsWith(KEPT) && Date.now() - changed > DAY_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
  const path = await mkdtemp(join(root, keep ? KEPT : "run-"));
  await writeFile(join(path, "package.json"), '{ "type": "module", "private": true }\n');
  return path;
}
