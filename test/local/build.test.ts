import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildWorker } from "../../infra/local/build.ts";
import { makeTinyWorker, type TinyWorker } from "./support/tiny-worker.ts";

let tiny: TinyWorker;

beforeEach(async () => {
  tiny = await makeTinyWorker();
});
afterEach(() => tiny.remove());

test("builds one module, with the scripts in it", async () => {
  const { modules, dir, compatibilityDate } = await buildWorker({ root: tiny.root });
  expect(modules).toEqual(["index.js"]);
  expect(await readFile(join(dir, "index.js"), "utf8")).toContain('"return 1"');
  expect(compatibilityDate).toBe("2026-11-01");
});

test("builds again only when a source has changed", async () => {
  const first = await buildWorker({ root: tiny.root });
  const second = await buildWorker({ root: tiny.root });
  await tiny.writeSource('export default { fetch: () => new Response("changed") };');
  const third = await buildWorker({ root: tiny.root });
  expect([first.built, second.built, third.built]).toEqual([true, false, true]);
  expect(second.dir).toBe(first.dir);
  expect(third.dir).not.toBe(first.dir);
});

test("lets two builds run at once, and leaves nothing unfinished", async () => {
  const [one, two] = await Promise.all([
    buildWorker({ root: tiny.root }),
    buildWorker({ root: tiny.root }),
  ]);
  expect(two.modules).toEqual(one.modules);
  expect(await readdir(join(tiny.root, ".baton", "build"))).toHaveLength(1);
});

test("says what is wrong with a source that does not build", async () => {
  await tiny.writeSource('import "./nowhere.ts";');
  await expect(buildWorker({ root: tiny.root })).rejects.toThrow("nowhere.ts");
});
