import { createHash } from "node:crypto";
import { connectRedis } from "../../../infra/local/redis/connection.ts";
import { describe, expect, test } from "vitest";
import { onEachEngine } from "./engines.ts";

const LOCKED = "#!lua flags=allow-key-locking\n";

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

onEachEngine("scripts", ({ front, redis, sdk, request }) => {
  const run = async (script: string, keys: string[] = [], args: string[] = []) => {
    const body = ["EVAL", script, keys.length, ...keys, ...args];
    return (await request("/", { body })).json();
  };

  test("EVALSHA takes the sha of the text that was sent, shebang included", async () => {
    const script = `${LOCKED}return ARGV[1]`;
    expect(await sdk().scriptLoad(script)).toBe(sha1(script));
    expect(await sdk().scriptExists(sha1(script), sha1("return 0"))).toEqual([1, 0]);
    expect(await sdk().evalsha(sha1(script).toUpperCase(), [], ["x"])).toBe("x");
    await sdk().scriptFlush();
    await expect(sdk().evalsha(sha1(script), [], ["x"])).rejects.toThrow(/^NOSCRIPT |: NOSCRIPT /);
  });

  test("the SDK's createScript falls back from NOSCRIPT to EVAL once, then stays with EVALSHA", async () => {
    const script = sdk({ enableAutoPipelining: false }).createScript<number>(
      `${LOCKED}return redis.call('INCRBY', KEYS[1], ARGV[1])`,
    );
    expect(await script.exec(["n"], ["5"])).toBe(5);
    expect(front().stats.snapshot().byCommand).toEqual({ EVALSHA: 1, EVAL: 1 });
    expect(await script.exec(["n"], ["2"])).toBe(7);
    expect(front().stats.snapshot().byCommand).toEqual({ EVALSHA: 2, EVAL: 1 });
  });

  test("a script survives that somebody else empties Redis's own cache", async () => {
    const script = `${LOCKED}return redis.call('GET', KEYS[1])`;
    await sdk().eval(script, ["a"], []);
    const other = await connectRedis({ url: redis().url });
    await other.call(["SCRIPT", "FLUSH"]);
    other.close();
    await sdk().set("a", "still");
    expect(await sdk().evalsha(sha1(script), ["a"], [])).toBe("still");
  });

  test("scripts run in pipelines and transactions too", async () => {
    const script = `${LOCKED}return redis.call('INCR', KEYS[1])`;
    const body = [
      ["EVALSHA", sha1(script), 1, "n"],
      ["EVAL", script, 1, "n"],
      ["EVALSHA", sha1(script), 1, "n"],
    ];
    const noScript = { error: "NOSCRIPT No matching script. Please use EVAL." };
    const piped = await request("/pipeline", { body });
    expect(await piped.json()).toEqual([noScript, { result: 1 }, { result: 2 }]);
    front().scripts.forget();
    const atOnce = await request("/multi-exec", { body });
    expect(await atOnce.json()).toEqual([noScript, { result: 3 }, { result: 4 }]);
  });

  describe("under allow-key-locking", () => {
    test.for(["call", "pcall"])("redis.%s refuses a key that is not declared", async (call) => {
      const script = `${LOCKED}return redis.${call}('GET', 'r' .. ARGV[1])`;
      const refusal = {
        error:
          "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: r12",
      };
      expect(await run(script, ["r1"], ["12"])).toEqual(refusal);
      expect(await run(script, ["r12"], ["12"])).toEqual({ result: null });
    });

    test("a refused call changes nothing, and what came before it stands", async () => {
      const script = `${LOCKED}redis.call('SET', KEYS[1], 'x') redis.call('SET', 'other', 'y')`;
      expect(await run(script, ["declared"])).toHaveProperty("error");
      expect(await sdk().mget("declared", "other")).toEqual(["x", null]);
    });

    test("a number is the key that Redis would make of it", async () => {
      const script = `${LOCKED}return redis.call('SET', 12345678901234567, 'x')`;
      expect(await run(script, ["12345678901234568"])).toEqual({ result: "OK" });
      expect(await run(script, ["12345678901234567"])).toHaveProperty("error");
      expect(await sdk().get("12345678901234568")).toBe("x");
    });

    test("the whole database may not be locked", async () => {
      expect(await run(`${LOCKED}return redis.call('FLUSHALL')`)).toEqual({
        error: "ERR 'FLUSHALL' is not allowed in Lua scripts when 'allow-key-locking' flag is set",
      });
    });

    test("without the flag undeclared keys are allowed, as on Upstash", async () => {
      expect(await run("return redis.call('SET', 'undeclared', 'x')")).toEqual({ result: "OK" });
      expect(await run("#!lua\nreturn redis.call('GET', 'undeclared')")).toEqual({ result: "x" });
    });
  });

  test("no-writes makes EVAL refuse to write", async () => {
    const script =
      "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('SET', KEYS[1], 'x')";
    const { error } = (await run(script, ["a"])) as { error: string };
    expect(error).toMatch(/^ERR Write commands are not allowed from read-only scripts\./);
    expect(await sdk().exists("a")).toBe(0);
  });

  test.for([
    ["#!lua flags=allow-nothing\nreturn 1", "ERR Unexpected flag in script shebang: allow-nothing"],
    ["#!python\nreturn 1", "ERR Unexpected engine in script shebang: python"],
    ["#!lua name=lib\nreturn 1", "ERR Unknown lua shebang option: name=lib"],
    ["#!lua", "ERR Invalid script shebang"],
  ] as const)("refuses the shebang of %j", async ([script, error]) => {
    expect(await run(script)).toEqual({ error });
  });

  test.for([
    ["return nil", null],
    ["return false", null],
    ["return", null],
    ["return true", 1],
    ["return 3.99", 3],
    ["return -3.99", -3],
    ["return 'text'", "text"],
    ["return {1, {2, {'x'}}, false, 4}", [1, [2, ["x"]], null, 4]],
    ["return {1, 2, nil, 4}", [1, 2]],
    ["return {}", []],
    ["return {a = 1}", []],
    ["return redis.status_reply('FINE')", "FINE"],
    ["return {ok = 'FINE'}", "FINE"],
    ["return cjson.encode({a = 1})", '{"a":1}'],
    ["return {KEYS[1], ARGV[1], ARGV[2]}", ["k1", "v1"]],
    ["return redis.call('SET', KEYS[1], 'x')", "OK"],
    ["return redis.call('GET', 'none')", null],
    ["return {...}", []],
    ["return #redis.sha1hex('')", 40],
    ["local ok, value = pcall(function() return 1, 2 end) return value", 1],
  ] as const)("the reply of %j is what Redis makes of it", async ([script, result]) => {
    expect(await run(script, ["k1"], ["v1"])).toEqual({ result });
  });

  test.for([
    ["error('boom')", "ERR user_script:2: boom script: SHA, on @user_script:2."],
    ["error({err = 'MINE boom'})", "MINE boom script: SHA, on @user_script:2."],
    ["return redis.error_reply('MINE boom')", "MINE boom"],
    ["return {err = 'MINE boom'}", "MINE boom"],
    [
      "return nothing",
      "ERR user_script:2: Script attempted to access nonexistent global variable 'nothing' script: SHA, on @user_script:2.",
    ],
    [
      "local none\n\nreturn none.field",
      "ERR user_script:4: attempt to index local 'none' (a nil value) script: SHA, on @user_script:4.",
    ],
    [
      "redis.call('SET', KEYS[1], 'x')\nredis.call('INCR', KEYS[1])",
      "ERR value is not an integer or out of range script: SHA, on @user_script:3.",
    ],
    [
      "redis.call('SET', KEYS[1], 'x')\n\nreturn redis.call('INCR', KEYS[1])",
      "ERR value is not an integer or out of range script: SHA, on @user_script:4.",
    ],
    [
      "redis.call('SET', KEYS[1], 'x')\nlocal function f()\n return redis.call('INCR', KEYS[1])\nend\nf()",
      "ERR value is not an integer or out of range script: SHA, on @user_script:4.",
    ],
    [
      "redis.call('SET', KEYS[1], 'x')\nreturn redis.pcall('INCR', KEYS[1])",
      "ERR value is not an integer or out of range",
    ],
    [
      "redis.call('SET', KEYS[1], 'x')\nreturn redis.call('HGET', KEYS[1], 'f')",
      "WRONGTYPE Operation against a key holding the wrong kind of value script: SHA, on @user_script:3.",
    ],
    [
      "return redis.call()",
      "ERR Please specify at least one argument for this redis lib call script: SHA, on @user_script:2.",
    ],
    [
      "return redis.call('GET', true)",
      "ERR Lua redis lib command arguments must be strings or integers script: SHA, on @user_script:2.",
    ],
    [
      "return redis.call('OBJECT', 'ENCODING', KEYS[1])",
      "ERR Command is not available: 'OBJECT'. See https://upstash.com/docs/redis/overall/rediscompatibility for details",
    ],
  ] as const)("the error of %j keeps its text, its sha and its line", async ([body, error]) => {
    const script = LOCKED + body;
    expect(await run(script, ["k1"])).toEqual({ error: error.replace("SHA", sha1(script)) });
  });

  test.for([
    ["local ok, problem = pcall(redis.call, 'INCR', KEYS[1]) return problem"],
    [
      "local ok, problem = pcall(error, {err = 'ERR value is not an integer or out of range'}) return problem",
    ],
    ["return redis.pcall('INCR', KEYS[1]).err"],
  ])("%j catches an error as text, as in Redis", async ([script = ""]) => {
    await sdk().set("k1", "x");
    expect(await run(script, ["k1"])).toEqual({
      result: "ERR value is not an integer or out of range",
    });
  });

  test("a script that does not compile is refused with the line", async () => {
    const { error } = (await run(`${LOCKED}return 1 +\n`)) as { error: string };
    expect(error).toMatch(/user_script:\d: unexpected symbol near/);
  });

  test("a script cannot see the guard that is put around it", async () => {
    for (const name of ["counts", "spots", "declared", "native", "main", "guarded", "send"]) {
      const { error } = (await run(`return ${name}`)) as { error: string };
      expect(error).toContain(`nonexistent global variable '${name}'`);
    }
  });
});
