import { afterAll, expect, test } from "vitest";
import type { Limits } from "../../../infra/local/upstash/limits.ts";
import { startUpstash, type UpstashFront } from "../../../infra/local/upstash/start-upstash.ts";
import { onEachEngine } from "./engines.ts";

const MIB = 1024 * 1024;

onEachEngine("limits", ({ redis, sdk, request }) => {
  const fronts: UpstashFront[] = [];
  const limited = async (limits: Partial<Limits>): Promise<UpstashFront> => {
    const front = await startUpstash({ redisUrl: redis().url, limits });
    fronts.push(front);
    return front;
  };
  const run = async (front: UpstashFront, ...command: string[]): Promise<unknown> => {
    const headers = { authorization: `Bearer ${front.token}` };
    const body = JSON.stringify(command);
    return (await fetch(front.url, { method: "POST", headers, body })).json();
  };
  afterAll(() => Promise.all(fronts.map((front) => front.stop())));

  test("a request over 10 MB is refused with its size, and one just below is not", async () => {
    const large = "x".repeat(10 * MIB - 100);
    expect(await sdk({ automaticDeserialization: false }).set("a", large)).toBe("OK");
    const response = await request("/set/b", { body: "x".repeat(10 * MIB + 1) });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: `ERR max request size exceeded. Limit: ${10 * MIB} bytes, Actual: ${10 * MIB + 1} bytes. See https://upstash.com/docs/redis/troubleshooting/max_request_size_exceeded for details`,
    });
    expect(await sdk().exists("b")).toBe(0);
  });

  test("a reply over the request limit is refused too", async () => {
    const front = await limited({ maxRequestBytes: 1_000 });
    for (const key of ["a", "b", "c"]) await run(front, "SET", key, "x".repeat(400));
    expect(await run(front, "MGET", "a", "b")).toHaveProperty("result");
    expect(await run(front, "MGET", "a", "b", "c")).toEqual({
      error: expect.stringMatching(
        /^ERR max request size exceeded\. Limit: 1000 bytes, Actual: 1200/,
      ),
    });
  });

  test("a key over 32 KB is refused wherever it stands", async () => {
    const long = "ä".repeat(16 * 1024);
    const error = { error: "ERR max key size exceeded. Limit: 32768 bytes, Actual: 32769 bytes" };
    const answer = async (...body: string[]) => (await request("/", { body })).json();
    expect(await answer("SET", long, "x")).toEqual({ result: "OK" });
    expect(await answer("SET", `${long}a`, "x")).toEqual(error);
    expect(await answer("RENAME", long, `${long}a`)).toEqual(error);
    expect(await answer("EVAL", "return 1", "1", `${long}a`)).toEqual(error);
    expect(await answer("SET", "short", `${long}a`)).toEqual({ result: "OK" });
  });

  test.for([
    ["APPEND", "r"],
    ["RPUSH", "r"],
    ["SADD", "r"],
    ["HSET", "r", "field"],
    ["EVAL", "return redis.call('APPEND', KEYS[1], ARGV[1])", "1", "r"],
  ])(
    "a record is not let over its limit by %s, though it can still be read and deleted",
    async (command) => {
      const front = await limited({ maxRecordBytes: 1_000 });
      const write = (index: number) => {
        const words = command.map((word) => (word === "field" ? `f${index}` : word));
        return run(front, ...words, String(index).repeat(300));
      };
      for (const index of [1, 2, 3]) expect(await write(index)).toHaveProperty("result");
      expect(await write(4)).toEqual({
        error: expect.stringMatching(/^ERR max single record size exceeded\. Limit: 1000 bytes/),
      });
      expect(await run(front, "SET", "other", "x".repeat(300))).toEqual({ result: "OK" });
      expect(await run(front, "TYPE", "r")).toHaveProperty("result");
      expect(await run(front, "DEL", "r")).toEqual({ result: 1 });
      expect(await write(5)).toHaveProperty("result");
    },
  );

  test("when the quota of commands is used up, everything is refused", async () => {
    const front = await limited({ maxCommands: 2 });
    await run(front, "SET", "a", "1");
    await run(front, "PING");
    await run(front, "GET", "a");
    expect(await run(front, "GET", "a")).toEqual({
      error: expect.stringMatching(/^ERR max requests limit exceeded\./),
    });
    front.stats.reset();
    expect(await run(front, "GET", "a")).toEqual({ result: "1" });
  });
});
