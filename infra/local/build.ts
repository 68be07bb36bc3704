/** Makes the bundle that would be deployed, once for each state of the sources, so that the local stack runs exactly it. */
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { stage } from "./stage.ts";

/** What a runtime needs to serve the Worker. */
export interface Bundle {
  /** Directory of the built modules. */
  readonly dir: string;
  /** File names within `dir`, the entry first. */
  readonly modules: readonly string[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** False when an earlier build of the same sources was used. */
  readonly built: boolean;
}

/** Absolute path of this project. */
export const PROJECT_ROOT = join(import.meta.dirname, "..", "..");

/** Besides `src/`, the files that decide what the bundle contains. */
const INPUTS = ["infra/local/stage.ts", "wrangler.toml", "package-lock.json", "tsconfig.json"];
const ENTRY = "index.js";
const BUILDS_KEPT = 4;

/**
 * Builds `root` (this project by default) with `wrangler deploy --dry-run` into `.baton/build/<hash of the sources>`.
 * A build appears there by a rename when it is whole, so that two processes may build at once: the later one is thrown away.
 */
export async function buildWorker({ root = PROJECT_ROOT } = {}): Promise<Bundle> {
  const builds = join(root, ".baton", "build");
  const dir = join(builds, await fingerprint(root));
  let built = false;
  if (await exists(join(dir, ENTRY))) {
    const now = new Date();
    await utimes(dir, now, now);
  } else {
    await mkdir(builds, { recursive: true });
    const unfinished = join(builds, `unfinished-${randomUUID()}`);
    try {
      await bundle(root, unfinished);
      await rename(unfinished, dir).catch(async (error: unknown) => {
        if (!(await exists(join(dir, ENTRY)))) throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    await prune(builds, dir);
    built = true;
  }
  const toml = await readFile(join(root, "wrangler.toml"), "utf8");
  return { dir, modules: await modulesOf(dir), ...compatibility(toml), built };
}

async function fingerprint(root: string): Promise<string> {
  const sources = await readdir(join(root, "src"), { recursive: true, withFileTypes: true });
  const paths = sources
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const path of [...paths.toSorted(), ...INPUTS.map((name) => join(root, name))]) {
    const content = await readFile(path).catch(() => "");
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Bundles the Worker into `outdir`; returns what wrangler says of it. */
export async function bundle(root: string, outdir: string): Promise<string> {
  const entry = relative(root, join(await stage(root), "index.ts"));
  const bin = join(PROJECT_ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const child = spawn(process.execPath, [bin, "deploy", entry, "--dry-run", "--outdir", outdir], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0)
    throw new Error(`The Worker did not build:\n${stripVTControlCharacters(output).trim()}`);
  return output;
}

async function modulesOf(dir: string): Promise<string[]> {
  const files = await readdir(dir);
  const modules = files.filter((name) => !/(?:\.map|\.capnp|^README\.md)$/.test(name));
  return [ENTRY, ...modules.filter((name) => name !== ENTRY).toSorted()];
}

function compatibility(toml: string): Pick<Bundle, "compatibilityDate" | "compatibilityFlags"> {
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(toml)?.[1];
  if (!date) throw new Error("wrangler.toml has no compatibility_date");
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(toml)?.[1] ?? "";
  return {
    compatibilityDate: date,
    compatibilityFlags: [...flags.matchAll(/"([^"]+)"/g)].flatMap((match) => match[1] ?? []),
  };
}

/**
 * Removes all but the builds used last. The newest few stay, since another process may be starting from one of them;
 * what a killed process left unfinished grows old and goes too.
 */
async function prune(builds: string, current: string): Promise<void> {
  const names = await readdir(builds);
  const dirs = await Promise.all(
    names.map(async (name) => {
      const path = join(builds, name);
      return { path, used: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const old = dirs
    .filter(({ path }) => path !== current)
    .toSorted((a, b) => b.used - a.used)
    .slice(BUILDS_KEPT - 1);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
