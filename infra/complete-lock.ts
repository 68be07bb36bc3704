/**
 * Completes package-lock.json with the optional packages of other platforms. A registry that does not serve one of them
 * makes `npm install` write a lock without it, and newer versions of npm then refuse `npm ci` with it. Run after a
 * change of dependencies: `node infra/complete-lock.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const FILE = "package-lock.json";
const lock = JSON.parse(readFileSync(FILE, "utf8")) as { packages: Record<string, Entry> };

for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] || lock.packages[`${path}/node_modules/${name}`]) {
      continue;
    }
    lock.packages[`node_modules/${name}`] = platformEntry(name, { version, parent: entry });
  }
}

const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
const completed = { ...lock, packages: Object.fromEntries(sorted) };
writeFileSync(FILE, `${JSON.stringify(completed, null, 2)}\n`);

/** Platform packages are named after what they run on: `@oxlint/binding-linux-arm64-musl`, `workerd-windows-64`. */
function platformEntry(
  name: string,
  { version, parent }: { version: string; parent: Entry },
): Entry {
  const base = name.split("/").at(-1) ?? name;
  const [os = "", cpu = "", libc] = base.replace(/^(?:binding|workerd)-/, "").split("-");
  return {
    version,
    cpu: [cpu === "64" ? "x64" : cpu],
    ...(parent.dev && { dev: true }),
    ...(os === "linux" && libc && { libc: [libc.startsWith("musl") ? "musl" : "glibc"] }),
    ...(parent.license !== undefined && { license: parent.license }),
    optional: true,
    os: [os === "windows" ? "win32" : os],
  };
}
