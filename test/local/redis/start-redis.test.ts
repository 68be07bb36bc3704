import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectRedis } from "../../../infra/local/redis/connection.ts";
import { findProgram } from "../../../infra/local/redis/find-program.ts";
import { startRedis } from "../../../infra/local/redis/start-redis.ts";

const PATH = process.env["PATH"] ?? "";
const HAS_SERVER =
  findProgram("redis-server", PATH) !== undefined ||
  findProgram("valkey-server", PATH) !== undefined;

/** How other machines reach this one; none where it has no network. */
const OUTSIDE = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, scopeid }) => !internal && !scopeid)
  .map(({ address }) => address);

/** What it answers to a PING. */
async function answerAt(url: string, host: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), host);
  socket.write("PING\r\n");
  const answer = once(socket, "data").then(([data]) => String(data));
  const closed = once(socket, "close").then(() => "");
  return Promise.race([answer, closed])
    .catch(() => "")
    .finally(() => socket.destroy());
}

async function isListening(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const isOpen = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}

describe("choosing the engine", () => {
  test("takes the embedded one when there is no REDIS_URL and nothing on the PATH", async () => {
    const redis = await startRedis({ env: { PATH: "/nowhere" } });
    expect(redis).toMatchObject({ engine: "embedded", version: expect.stringMatching(/^\d+\./) });
    await redis.stop();
    expect(await isListening(redis.url)).toBe(false);
  });

  test.skipIf(OUTSIDE.length === 0)("the embedded one answers this machine alone", async () => {
    const redis = await startRedis({ choice: "embedded" });
    expect(await answerAt(redis.url, "127.0.0.1")).toBe("+PONG\r\n");
    for (const host of OUTSIDE) expect(await answerAt(redis.url, host)).toBe("");
    await redis.stop();
  });

  test("takes REDIS_URL before all else, and leaves that Redis running", async () => {
    const own = await startRedis({ choice: "embedded" });
    const redis = await startRedis({ env: { REDIS_URL: own.url, PATH } });
    expect(redis).toMatchObject({ engine: "external", url: own.url });
    await redis.stop();
    expect(await isListening(own.url)).toBe(true);
    await own.stop();
  });

  test("says what to install when the chosen server is missing", async () => {
    await expect(startRedis({ choice: "server", env: { PATH: "/nowhere" } })).rejects.toThrow(
      /apt-get install redis-server/,
    );
  });

  test("says what can be chosen, where nothing answers, and what cannot persist", async () => {
    await expect(startRedis({ choice: "redis" })).rejects.toThrow(/Unknown Redis "redis"/);
    await expect(startRedis({ choice: "redis://127.0.0.1:1" })).rejects.toThrow(/No Redis at/);
    await expect(
      startRedis({ choice: "embedded", persistence: { dir: tmpdir() } }),
    ).rejects.toThrow(/keeps nothing on disk/);
  });

  test("takes another port when the preferred one is in use", async () => {
    const first = await startRedis({ choice: "embedded" });
    const port = Number(new URL(first.url).port);
    const second = await startRedis({ choice: "embedded", port });
    expect(second.url).not.toBe(first.url);
    await Promise.all([first.stop(), second.stop()]);
    const third = await startRedis({ choice: "embedded", port });
    expect(third.url).toBe(first.url);
    await third.stop();
  });
});

describe.skipIf(!HAS_SERVER)(
  `a server started here${HAS_SERVER ? "" : ": SKIPPED, none is installed"}`,
  () => {
    test("answers on 127.0.0.1 and is gone after stop, twice if need be", async () => {
      const redis = await startRedis({ choice: "server", env: {} });
      expect(redis.engine).toMatch(/^(redis|valkey)-server$/);
      expect(await isListening(redis.url)).toBe(true);
      await Promise.all([redis.stop(), redis.stop()]);
      expect(await isListening(redis.url)).toBe(false);
    });

    test("dies with its parent, even when that is killed", async () => {
      const script = `
        const { startRedis } = await import(process.argv[1]);
        const redis = await startRedis({ choice: "server", env: {} });
        console.log(redis.url);
        setInterval(() => undefined, 1_000);`;
      const module = join(import.meta.dirname, "../../../infra/local/redis/start-redis.ts");
      const parent = spawn(process.execPath, ["--input-type=module", "-e", script, module]);
      const [url] = (await once(parent.stdout, "data")).map(String);
      expect(await isListening(String(url).trim())).toBe(true);
      parent.kill("SIGKILL");
      await once(parent, "exit");
      await expect.poll(() => isListening(String(url).trim())).toBe(false);
    });

    test("keeps acknowledged writes over a hard stop when it is told to persist", async () => {
      const dir = await mkdtemp(join(tmpdir(), "baton-redis-"));
      const first = await startRedis({ choice: "server", env: {}, persistence: { dir } });
      const writer = await connectRedis({ url: first.url, reconnect: "never" });
      await writer.call(["SET", "a", "kept"]);
      await first.stop();
      const second = await startRedis({ choice: "server", env: {}, persistence: { dir } });
      const reader = await connectRedis({ url: second.url });
      expect(await reader.call(["GET", "a"])).toEqual(Buffer.from("kept"));
      reader.close();
      await second.stop();
      await rm(dir, { recursive: true });
    });

    test("keeps nothing otherwise, and writes nothing to the working directory", async () => {
      const redis = await startRedis({ choice: "server", env: {} });
      const connection = await connectRedis({ url: redis.url });
      const settings = await connection.batch([
        ["CONFIG", "GET", "save"],
        ["CONFIG", "GET", "appendonly"],
      ]);
      expect(settings.map(String)).toEqual(["save,", "appendonly,no"]);
      connection.close();
      await redis.stop();
    });
  },
);
