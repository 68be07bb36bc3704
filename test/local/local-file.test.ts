import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { publishLocalFile } from "../../infra/local/local-file.ts";
import { LOCAL_KEYS } from "../../infra/local/stack.ts";

let directory: string;
let path: string;
let healthy: Server;
let baseUrl: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-file-"));
  path = join(directory, ".baton", "local.json");
  healthy = createServer((_, response) => response.end("alive"));
  baseUrl = await new Promise((resolve) => {
    healthy.listen(0, "127.0.0.1", () => {
      const address = healthy.address();
      resolve(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
    });
  });
});
afterEach(async () => {
  healthy.close();
  await rm(directory, { recursive: true, force: true });
});

function stackAt(url: string): Parameters<typeof publishLocalFile>[0] {
  return {
    baseUrl: url,
    mcpUrl: `${url}/mcp`,
    keys: LOCAL_KEYS,
    redis: { engine: "embedded", url: "redis://127.0.0.1:1" },
    upstash: { url: "http://127.0.0.1:2", token: "up" },
    qstash: { url: "http://127.0.0.1:3", token: "q" },
  };
}

test("says all that a script needs, and is gone when withdrawn", async () => {
  const withdraw = await publishLocalFile(stackAt(baseUrl), path);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    mcp_url: `${baseUrl}/mcp`,
    base_url: baseUrl,
    keys: LOCAL_KEYS,
    redis: { engine: "embedded", url: "redis://127.0.0.1:1" },
    upstash: { url: "http://127.0.0.1:2", token: "up" },
    qstash: { url: "http://127.0.0.1:3", token: "q" },
  });
  await withdraw?.();
  await expect(readFile(path)).rejects.toThrow("ENOENT");
});

test("stays with a stack that still answers", async () => {
  await publishLocalFile(stackAt(baseUrl), path);
  expect(await publishLocalFile(stackAt("http://127.0.0.1:9"), path)).toBeUndefined();
  expect(await readFile(path, "utf8")).toContain(baseUrl);
});

test("is taken over from a stack that was killed at the same address", async () => {
  await publishLocalFile(stackAt(baseUrl), path);
  expect(await publishLocalFile(stackAt(baseUrl), path)).toBeDefined();
});

test("is taken over from a stack that was killed", async () => {
  await publishLocalFile(stackAt("http://127.0.0.1:9"), path);
  expect(await publishLocalFile(stackAt(baseUrl), path)).toBeDefined();
  expect(await readFile(path, "utf8")).toContain(baseUrl);
});
