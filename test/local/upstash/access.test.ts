import { describe, expect, test } from "vitest";
import { onEachEngine } from "./engines.ts";

onEachEngine("tokens and refused commands", ({ front, sdk, request }) => {
  test.for(["/", "/pipeline", "/multi-exec", "/get/a", "/subscribe/c", "/monitor", "/__control"])(
    "a missing or wrong token is refused with 401 at %s",
    async (path) => {
      for (const token of ["", "wrong"]) {
        const response = await request(path, { token, body: [["PING"]] });
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({ error: "WRONGPASS invalid or missing auth token" });
      }
      expect(front().stats.snapshot().httpRequests).toBe(0);
    },
  );

  test("the token may be given as _token, which is no argument of the command", async () => {
    const path = `/set/a/1?_token=${front().token}&EX=60`;
    expect((await request(path, { token: "", method: "GET" })).status).toBe(200);
    expect(await sdk().get("a")).toBe(1);
    expect((await request("/get/a?_token=wrong")).status).toBe(401);
  });

  describe("the read-only token", () => {
    const readOnly = () => sdk({ token: front().readOnlyToken, enableAutoPipelining: false });

    test("reads", async () => {
      await sdk().hset("h", { a: 1 });
      expect(await readOnly().hgetall("h")).toEqual({ a: 1 });
      expect(await readOnly().evalRo("return redis.call('HGET', KEYS[1], 'a')", ["h"], [])).toBe(1);
    });

    test.for([
      ["SET", "a", "1"],
      ["DEL", "a"],
      ["EVAL", "return 1", "0"],
      ["PUBLISH", "c", "m"],
      ["SCAN", "0"],
      ["KEYS", "*"],
      ["FLUSHALL"],
    ])("is refused %s", async (command) => {
      await sdk().set("a", "before");
      const response = await request("/", { token: front().readOnlyToken, body: command });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: `NOPERM this user has no permissions to run the '${command[0]?.toLowerCase()}' command`,
      });
      expect(await sdk().get("a")).toBe("before");
    });

    test("cannot write by a read-only script", async () => {
      const script = "return redis.call('SET', KEYS[1], 'x')";
      await expect(readOnly().evalRo(script, ["a"], [])).rejects.toThrow(
        /Write commands are not allowed from read-only scripts/,
      );
    });

    test("cannot subscribe, nor reach the control route", async () => {
      const token = front().readOnlyToken;
      expect((await request("/subscribe/c", { token })).status).toBe(400);
      expect((await request("/__control", { token, body: {} })).status).toBe(403);
    });
  });

  test.for([
    ["BLPOP", "list", "0"],
    ["BZPOPMIN", "zset", "0"],
    ["WATCH", "a"],
    ["MULTI"],
    ["CLIENT", "LIST"],
    ["SUBSCRIBE", "c"],
    ["MONITOR"],
    ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"],
    ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "1", "STREAMS", "s", ">"],
  ])("refuses %s, which makes no sense over REST", async (command) => {
    const response = await request("/", { body: command });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: expect.stringMatching(/is not allowed in REST or it has a special context path$/),
    });
    expect(front().stats.snapshot().billed).toBe(0);
  });

  test.for([
    ["DEBUG", "SLEEP", "0"],
    ["OBJECT", "ENCODING", "a"],
    ["SLOWLOG", "GET"],
    ["SORT", "a"],
    ["CLUSTER", "INFO"],
    ["SHUTDOWN"],
  ])("refuses %s, which Upstash does not have", async (command) => {
    const response = await request("/", { body: command });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: `ERR Command is not available: '${command[0]}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`,
    });
  });

  test("has one database, an empty COMMAND and one setting", async () => {
    const answer = async (...body: string[]) => (await request("/", { body })).json();
    expect(await answer("SELECT", "0")).toEqual({ result: "OK" });
    expect(await answer("SELECT", "1")).toEqual({ error: "ERR DB index is out of range" });
    expect(await answer("COMMAND")).toEqual({ result: [] });
    expect(await answer("CONFIG", "SET", "save", "")).toEqual({ error: expect.any(String) });
    expect(await answer("XREAD", "COUNT", "1", "STREAMS", "block", "0")).toEqual({ result: null });
  });
});
