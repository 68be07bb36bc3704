import { expect, test } from "vitest";
import { onEachEngine } from "./engines.ts";

onEachEngine("commands over REST", ({ front, sdk, request }) => {
  test("the SDK with its defaults reads what it wrote, by auto-pipelining", async () => {
    const redis = sdk();
    await redis.set("task", { id: "r1t1", priority: 5 });
    expect(await redis.get("task")).toEqual({ id: "r1t1", priority: 5 });
    expect(await redis.hset("h", { a: 1, b: "two" })).toBe(2);
    expect(await redis.hgetall("h")).toEqual({ a: 1, b: "two" });
    expect(await redis.zadd("z", { score: 1.5, member: "m" })).toBe(1);
    expect(await redis.zrange("z", 0, -1, { withScores: true })).toEqual(["m", 1.5]);
    expect(await redis.xadd("s", "1-1", { field: "value" })).toBe("1-1");
    expect(await redis.xrange("s", "-", "+")).toEqual({ "1-1": { field: "value" } });
  });

  test("a pipeline answers each command in order, with an error in its place", async () => {
    const replies = await sdk()
      .pipeline()
      .set("text", "abc")
      .incr("text")
      .get("text")
      .exec({ keepErrors: true });
    expect(replies.map(({ result }) => result)).toEqual(["OK", undefined, "abc"]);
    expect(replies[1]?.error).toBe("ERR value is not an integer or out of range");
  });

  test("a transaction answers every command, and runs on after one that fails", async () => {
    const response = await request("/multi-exec", {
      body: [
        ["SET", "a", "x"],
        ["INCR", "a"],
        ["APPEND", "a", "y"],
      ],
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual([
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { result: 2 },
    ]);
    expect(await sdk().multi().set("b", 1).incr("b").exec()).toEqual(["OK", 2]);
  });

  test.for([
    { why: "a wrong number of arguments", bad: ["GET"] },
    { why: "a command that Upstash lacks", bad: ["OBJECT", "ENCODING", "a"] },
    { why: "a command unknown to Redis", bad: ["NOSUCH", "a"] },
  ])("a transaction with $why is discarded as a whole, with one error", async ({ bad }) => {
    const response = await request("/multi-exec", { body: [["SET", "a", "1"], bad] });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^(ERR|EXECABORT) /) });
    expect(await sdk().get("a")).toBeNull();
  });

  test("text beyond ASCII survives with and without base64", async () => {
    const text = 'ö日本🎛 "quoted" \\ \u0000 OK';
    for (const responseEncoding of ["base64", false] as const) {
      const redis = sdk({ responseEncoding, automaticDeserialization: false });
      await redis.set("ключ", text);
      expect(await redis.get("ключ")).toBe(text);
    }
  });

  test("every byte value comes back in base64, and as replacement characters without", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await request("/set/bytes", { body: bytes });
    const encoded = await request("/get/bytes", { headers: { "upstash-encoding": "base64" } });
    const { result } = await encoded.json<{ result: string }>();
    expect(Buffer.from(result, "base64")).toEqual(Buffer.from(bytes));
    const plain = await (await request("/get/bytes")).json<{ result: string }>();
    expect(plain.result).toBe(Buffer.from(bytes).toString());
  });

  test("base64 leaves a top-level OK alone and encodes every other string, nested OK too", async () => {
    const headers = { "upstash-encoding": "base64" };
    const answers = await request("/pipeline", {
      headers,
      body: [
        ["SET", "a", "OK"],
        ["MGET", "a", "none"],
        ["TYPE", "a"],
        ["EVAL", "return {redis.call('SET', KEYS[1], 'x'), 7}", 1, "a"],
      ],
    });
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    expect(await answers.json()).toEqual([
      { result: "OK" },
      { result: [base64("OK"), null] },
      { result: base64("string") },
      { result: [base64("OK"), 7] },
    ]);
    expect(await sdk().eval("return {redis.status_reply('OK')}", [], [])).toEqual(["OK"]);
  });

  test("a command in the path takes a body as its last argument and then the query", async () => {
    const set = await request("/set/foo?EX=100&NX", { body: "a value/with ✓", method: "PUT" });
    expect(await set.json()).toEqual({ result: "OK" });
    const read = await request("/GET/foo", { method: "GET" });
    expect(await read.json()).toEqual({ result: "a value/with ✓" });
    expect(await sdk().ttl("foo")).toBeGreaterThan(90);
    const encoded = await request("/set/a%2Fb%20c/1", { method: "GET" });
    expect(encoded.status).toBe(200);
    expect(await sdk().exists("a/b c")).toBe(1);
  });

  test("HEAD answers as GET does, without a body", async () => {
    const response = await request("/get/none", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe(String('{"result":null}'.length));
  });

  test("resp2 gives the replies as Redis sent them", async () => {
    const headers = { "upstash-response-format": "resp2" };
    const single = await request("/", { headers, body: ["SET", "foo", "bar"] });
    expect(single.headers.get("content-type")).toBe("application/octet-stream");
    expect(await single.text()).toBe("+OK\r\n");
    const many = await request("/pipeline", {
      headers,
      body: [
        ["MGET", "foo", "none"],
        ["DEL", "foo"],
      ],
    });
    expect(await many.text()).toBe("*2\r\n$3\r\nbar\r\n$-1\r\n:1\r\n");
    const failed = await request("/", { headers, body: ["GET"] });
    expect(failed.status).toBe(400);
    expect(await failed.text()).toMatch(/^-ERR .*\r\n$/);
  });

  test.for([
    { "upstash-response-format": "resp2", "upstash-encoding": "base64" },
    { "upstash-response-format": "resp3" },
    { "upstash-encoding": "gzip" },
  ])("refuses the formats %o with 400", async (headers) => {
    const response = await request("/", { headers: { ...headers }, body: ["PING"] });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  test.for([
    { body: "", error: "ERR failed to parse command" },
    { body: "{", error: "ERR failed to parse command" },
    { body: "[]", error: "ERR empty command" },
    { body: '["SET","a",null]', error: "ERR null args are not supported" },
    { body: '["SET","a",{"b":1}]', error: 'ERR unsupported arg type: "{"' },
  ])("refuses the body $body with 400", async ({ body, error }) => {
    const response = await request("/", { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
  });

  test("numbers and booleans become the text that was sent, however long", async () => {
    await request("/", { body: '["RPUSH","n",12345678901234567890,1.50,-0.1e3,7,true]' });
    const redis = sdk({ automaticDeserialization: false });
    expect(await redis.lrange("n", 0, -1)).toEqual([
      "12345678901234567890",
      "1.50",
      "-0.1e3",
      "7",
      "true",
    ]);
  });

  test("an integer beyond the safe range is answered digit for digit", async () => {
    await request("/", { body: ["SET", "n", "9007199254740993"] });
    expect(await (await request("/", { body: ["INCR", "n"] })).text()).toBe(
      '{"result":9007199254740994}',
    );
  });

  test("every answer carries a sync token, and a method other than four is refused with 405", async () => {
    expect((await request("/", { body: ["PING"] })).headers.get("upstash-sync-token")).toBeTruthy();
    for (const method of ["DELETE", "PATCH", "OPTIONS"]) {
      expect((await request("/get/a", { method })).status).toBe(405);
    }
  });

  test("a hundred requests at once each get their own answer over one Redis connection", async () => {
    const redis = sdk({ enableAutoPipelining: false });
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(numbers.map((number) => redis.set(`k${number}`, number)));
    expect(await Promise.all(numbers.map((number) => redis.get(`k${number}`)))).toEqual(numbers);
    expect(front().stats.snapshot().billed).toBe(200);
  });
});
