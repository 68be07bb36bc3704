import { expect, test } from "vitest";
import { createFaults } from "../../../infra/local/upstash/faults.ts";
import { onEachEngine } from "./engines.ts";

onEachEngine("faults on request", ({ front, sdk, request }) => {
  test("a dropped reply comes after the commit: one attempt fails, the SDK's retries apply it again", async () => {
    front().faults.add({ kind: "drop-reply", command: "incr", next: 1 });
    await expect(sdk().incr("n")).rejects.toThrow();
    expect(await sdk().get("n")).toBe(1);
    front().faults.add({ kind: "drop-reply", command: "INCR", next: 1 });
    const stubborn = sdk({ retry: { retries: 1, backoff: () => 0 } });
    expect(await stubborn.incr("n")).toBe(3);
  });

  test("a dropped request is not executed", async () => {
    front().faults.add({ kind: "drop-request", contains: "r1t1", next: 1 });
    await expect(sdk().incr("r1t1")).rejects.toThrow();
    expect(await sdk().incr("r1t2")).toBe(1);
    expect(await sdk().get("r1t1")).toBeNull();
  });

  test("a duplicate runs twice and answers the second time", async () => {
    const id = front().faults.add({ kind: "duplicate", command: "INCR" });
    expect(await sdk().incr("n")).toBe(2);
    expect(front().faults.list()).toEqual([{ kind: "duplicate", command: "INCR", id, hits: 1 }]);
    expect(front().faults.remove(id)).toBe(true);
    expect(front().faults.remove(id)).toBe(false);
    expect(await sdk().incr("n")).toBe(3);
  });

  test.for([
    { status: 429, body: '{"error":"ERR max requests limit exceeded"}', thrown: /max requests/ },
    { status: 500, body: '{"error":"ERR internal"}', thrown: /internal/ },
    { status: 502, body: "<html>Bad gateway</html>", thrown: /./ },
  ])("answers $status with $body instead of executing", async ({ status, body, thrown }) => {
    front().faults.add({ kind: "answer", status, body, next: 1 });
    await expect(sdk().incr("n")).rejects.toThrow(thrown);
    expect(await sdk().get("n")).toBeNull();
  });

  test("a delay holds one request back and lets others pass", async () => {
    front().faults.add({
      kind: "delay",
      command: "GET",
      contains: "slow",
      delayMs: 1_000,
      next: 1,
    });
    const order: string[] = [];
    const redis = sdk({ enableAutoPipelining: false });
    await Promise.all([
      redis.get("slow").then(() => order.push("slow")),
      redis.get("quick").then(() => order.push("quick")),
    ]);
    expect(order).toEqual(["quick", "slow"]);
  });

  test("a cold script cache turns the next EVALSHA into a NOSCRIPT", async () => {
    const redis = sdk({ enableAutoPipelining: false });
    const script = redis.createScript<number>("return redis.call('INCR', KEYS[1])");
    await script.exec(["n"], []);
    front().faults.add({ kind: "cold-scripts", command: "EVALSHA", next: 1 });
    expect(await script.exec(["n"], [])).toBe(2);
    expect(front().stats.snapshot().byCommand).toEqual({ EVALSHA: 2, EVAL: 2 });
  });

  test("a published message can be dropped, and a stream closed by one", async () => {
    const stream = await request("/subscribe/c");
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("data: subscribe,c,1\n\n");
    front().faults.add({ kind: "drop-message", command: "c", contains: "lost", next: 1 });
    front().faults.add({ kind: "close-stream", contains: "end" });
    await sdk().publish("c", "lost");
    await sdk().publish("c", "lost no more");
    expect((await reader?.read())?.value).toBe("data: message,c,lost no more\n\n");
    await sdk().publish("c", "end");
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  test("another process switches all of it through /__control", async () => {
    const rule = { kind: "drop-reply", command: "INCR", next: 1 };
    const added = await request("/__control", { body: { add_faults: [rule] } });
    expect(await added.json()).toMatchObject({
      added: [expect.any(String)],
      faults: [{ ...rule, hits: 0 }],
    });
    await expect(sdk().incr("n")).rejects.toThrow();
    const cleared = await request("/__control", {
      body: { clear_faults: true, forget_scripts: true, close_streams: true, reset_stats: true },
    });
    expect(await cleared.json()).toEqual({
      added: [],
      faults: [],
      closed_streams: 0,
      streams: 0,
      stats: { httpRequests: 1, billed: 1, byCommand: { INCR: 1 }, inner: {}, scripts: {} },
    });
    expect(front().stats.snapshot().billed).toBe(0);
  });

  test.for([
    { body: "{", error: /not JSON/ },
    { body: "[]", error: /must be an object/ },
    { body: '{"ad_faults":[]}', error: /Unknown field ad_faults; there are clear_faults/ },
    { body: '{"add_faults":[{"kind":"explode"}]}', error: /Unknown fault kind explode/ },
    { body: '{"add_faults":5}', error: /add_faults must be a list/ },
  ])("refuses the control request $body", async ({ body, error }) => {
    const response = await request("/__control", { body });
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toMatch(error);
  });
});

test("a rule with a probability strikes at the same requests for the same seed", () => {
  const strikes = (seed: number): boolean[] => {
    const faults = createFaults([{ kind: "drop-reply", probability: 0.3, seed }]);
    const subject = { names: ["GET"], text: () => "" };
    return Array.from({ length: 200 }, () => faults.strikeRequest(subject).length > 0);
  };
  expect(strikes(7)).toEqual(strikes(7));
  expect(strikes(7)).not.toEqual(strikes(8));
  const share = strikes(7).filter(Boolean).length / 200;
  expect(share).toBeGreaterThan(0.15);
  expect(share).toBeLessThan(0.45);
});
