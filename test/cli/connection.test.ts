/** Where a command connects to: flags, then the environment, then the local stack. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findConnection } from "../../src/cli/connection.ts";

const NOWHERE = join(tmpdir(), "no-such-baton", "local.json");

async function localFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "baton-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "local.json");
  const stack = { base_url: "http://127.0.0.1:8787", keys: { orchestrator: "local-key" } };
  await writeFile(path, JSON.stringify(stack));
  return path;
}

test("flags count before the environment, and that before the local stack", async () => {
  const env = { BATON_URL: "https://env.example", BATON_KEY: "env-key" };
  const local = await localFile();
  expect(
    await findConnection({
      flags: { url: "https://flag.example/", key: "flag-key" },
      env,
      localFile: local,
    }),
  ).toEqual({ ok: true, value: { url: "https://flag.example", key: "flag-key" } });
  expect(await findConnection({ flags: {}, env, localFile: local })).toEqual({
    ok: true,
    value: { url: "https://env.example", key: "env-key" },
  });
  expect(await findConnection({ flags: {}, env: {}, localFile: local })).toEqual({
    ok: true,
    value: { url: "http://127.0.0.1:8787", key: "local-key" },
  });
});

test("the address that MCP clients use is understood", async () => {
  const flags = { url: "https://baton.example/mcp", key: "k" };
  expect(await findConnection({ flags, env: {}, localFile: NOWHERE })).toMatchObject({
    value: { url: "https://baton.example" },
  });
});

test("the local stack's key goes nowhere else", async () => {
  const flags = { url: "https://baton.example" };
  expect(await findConnection({ flags, env: {}, localFile: await localFile() })).toMatchObject({
    ok: false,
    refusal: { message: expect.stringContaining("No key for https://baton.example") },
  });
});

test("without a key it says which one is needed", async () => {
  const flags = { url: "https://baton.example" };
  for (const [anyKey, key] of [
    [true, "any key of it"],
    [false, "an orchestrator key"],
  ] as const) {
    const found = await findConnection({ flags, env: {}, anyKey, localFile: NOWHERE });
    expect(found).toMatchObject({ refusal: { message: expect.stringContaining(key) } });
  }
});

test.each([
  [{}, "start a local one with npm run dev, or set BATON_URL and BATON_KEY"],
  [{ url: "baton.example", key: "k" }, "baton.example is no address of a server"],
])("with %j it says what to do", async (flags, message) => {
  expect(await findConnection({ flags, env: {}, localFile: NOWHERE })).toMatchObject({
    ok: false,
    refusal: { message: expect.stringContaining(message) },
  });
});
