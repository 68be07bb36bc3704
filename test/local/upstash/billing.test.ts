import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { onEachEngine } from "./engines.ts";

onEachEngine("billed commands", ({ front, sdk, request }) => {
  const SCRIPT = `#!lua flags=allow-key-locking
local now = redis.call('TIME')
for i = 1, 3 do redis.call('hset', KEYS[1], 'f' .. i, now[1]) end
redis.pcall('HSET', KEYS[1], 'odd')
redis.call('ZADD', KEYS[2], 1, 'm')
local name = 'Z' .. 'CARD'
return redis.call(name, KEYS[2])`;

  test("a script is billed as itself plus every inner call, failed ones and computed names too", async () => {
    const response = await request("/", { body: ["EVAL", SCRIPT, 2, "h", "z"] });
    expect(await response.json()).toEqual({ result: 1 });
    expect(response.headers.get("x-billed-commands")).toBe("8");
    const inner = { TIME: 1, HSET: 4, ZADD: 1, ZCARD: 1 };
    expect(front().stats.snapshot()).toEqual({
      httpRequests: 1,
      billed: 8,
      byCommand: { EVAL: 1 },
      inner,
      scripts: { [createHash("sha1").update(SCRIPT).digest("hex")]: { runs: 1, inner } },
    });
  });

  test("calls made before an error are billed", async () => {
    const script = "redis.call('SET', KEYS[1], 'x') redis.call('GET', KEYS[1]) error('stop')";
    const response = await request("/", { body: ["EVAL", script, 1, "a"] });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-billed-commands")).toBe("3");
  });

  test("a NOSCRIPT is billed, and the EVAL after it again", async () => {
    const script = sdk({ enableAutoPipelining: false }).createScript(
      "return redis.call('GET', KEYS[1])",
    );
    await script.exec(["a"], []);
    expect(front().stats.snapshot().billed).toBe(3);
    await script.exec(["a"], []);
    expect(front().stats.snapshot().billed).toBe(5);
  });

  test("pipelines and transactions are billed by their commands, in one HTTP request", async () => {
    await sdk().pipeline().set("a", 1).get("a").exec();
    await sdk().multi().set("a", 1).get("a").incr("a").exec();
    const { httpRequests, billed, byCommand } = front().stats.snapshot();
    expect({ httpRequests, billed, byCommand }).toEqual({
      httpRequests: 2,
      billed: 5,
      byCommand: { SET: 2, GET: 2, INCR: 1 },
    });
  });

  test("the free commands are counted and not billed", async () => {
    for (const body of [["PING"], ["INFO"], ["SELECT", "0"], ["COMMAND"]]) {
      const response = await request("/", { body });
      expect(response.headers.get("x-billed-commands")).toBe("0");
    }
    const { billed, byCommand } = front().stats.snapshot();
    expect({ billed, byCommand }).toEqual({
      billed: 0,
      byCommand: { PING: 1, INFO: 1, SELECT: 1, COMMAND: 1 },
    });
  });

  test("a snapshot does not change afterwards, and reset starts from zero", async () => {
    await sdk().set("a", 1);
    const before = front().stats.snapshot();
    await sdk().set("a", 2);
    expect(before.billed).toBe(1);
    front().stats.reset();
    expect(front().stats.snapshot()).toEqual({
      httpRequests: 0,
      billed: 0,
      byCommand: {},
      inner: {},
      scripts: {},
    });
  });
});
