/** A project with the smallest Worker that shows what it was given, for tests of how Workers are built and run. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TOML = `name = "tiny"
main = "src/index.ts"
compatibility_date = "2026-11-01"

[[rules]]
type = "Text"
globs = ["**/*.lua"]
fallthrough = true
`;

const SOURCE = `import lua from "./script.lua";
export default {
  fetch(request: Request, env: Record<string, string>): Response {
    console.log(JSON.stringify({ path: new URL(request.url).pathname }));
    return Response.json({ lua, env });
  },
};
`;

export interface TinyWorker {
  readonly root: string;
  readonly writeSource: (source: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function makeTinyWorker(): Promise<TinyWorker> {
  const root = await mkdtemp(join(tmpdir(), "tiny-worker-"));
  await mkdir(join(root, "src"));
  const writeSource = (source: string) => writeFile(join(root, "src", "index.ts"), source);
  await writeFile(join(root, "wrangler.toml"), TOML);
  await writeFile(join(root, "src", "script.lua"), "return 1\n");
  await writeSource(SOURCE);
  return { root, writeSource, remove: () => rm(root, { recursive: true, force: true }) };
}
