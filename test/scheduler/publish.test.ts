/** How ticks reach QStash, and how they do when it is in trouble. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { manualClock } from "../../infra/local/qstash/clock.ts";
import type { FaultRule } from "../../infra/local/qstash/faults.ts";
import { createScheduler, type SchedulerConfig } from "../../src/scheduler/scheduler.ts";
import { upsertWatchdog } from "../../src/scheduler/watchdog.ts";
import { setUp, type Stack } from "../local/qstash/set-up.ts";

const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
// The SDK writes there what we log ourselves.
vi.spyOn(console, "error").mockImplementation(() => undefined);

/** Nobody here waits for the pauses of production. */
const QUICK = [1, 2, 3];

const START = Date.UTC(2031, 4, 6);
const tick = { project: "local", wait_ms: 60_400, generation: 7 };
let stack: Stack;

beforeEach(async () => {
  logged.mockClear();
  stack = await setUp({ clock: manualClock(START) });
});

function scheduler(more: Partial<SchedulerConfig> = {}) {
  const { qstash, endpoint } = stack;
  const { url, token } = qstash;
  const keys = qstash.signingKeys();
  return createScheduler({ url, token, keys, base_url: endpoint.url, pauses_ms: QUICK, ...more });
}

describe("a tick", () => {
  test("comes at its route in the second after its time, never before", async () => {
    expect(await scheduler().sendTick(tick)).toBe(true);
    await stack.qstash.clock.advance(61_900);
    expect(stack.endpoint.deliveries).toEqual([]);
    await stack.qstash.clock.advance(100);
    expect(stack.endpoint.deliveries).toEqual([
      expect.objectContaining({
        method: "POST",
        path: "/qstash/tick",
        body: '{"project":"local","generation":7}',
      }),
    ]);
  });

  test("comes when it should though QStash took it only on the third attempt", async () => {
    stack.qstash.faults.add({ kind: "refuse-publish", status: 500, times: 2 });
    vi.useFakeTimers({ now: START, toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const sent = scheduler({ pauses_ms: [50, 50, 50] }).sendTick(tick);
    vi.setSystemTime(START + 20_000);
    await stack.qstash.clock.advance(20_000);
    expect(await sent).toBe(true);
    await stack.qstash.clock.advance(41_900);
    expect(stack.endpoint.deliveries).toEqual([]);
    await stack.qstash.clock.advance(100);
    expect(stack.endpoint.deliveries).toHaveLength(1);
  });

  test("is one message however often it is sent", async () => {
    await scheduler().sendTick(tick);
    await scheduler().sendTick(tick);
    expect(stack.qstash.stats).toMatchObject({ published: 1, deduplicated: 1 });
  });

  test("is not taken for that of another deployment on the same account", async () => {
    await scheduler().sendTick(tick);
    await scheduler({ base_url: "http://127.0.0.1:9" }).sendTick(tick);
    expect(stack.qstash.stats).toMatchObject({ published: 2, deduplicated: 0 });
  });

  test("is verified by who sent it, at its own URL only", async () => {
    await scheduler().sendTick(tick);
    await stack.qstash.clock.advance(70_000);
    const [delivery] = stack.endpoint.deliveries;
    const signature = String(delivery?.headers["upstash-signature"]);
    const body = delivery?.body ?? "";
    const verdict = (path: string) => scheduler().verify({ path, signature, body });
    expect(await verdict("/qstash/tick")).toEqual({ ok: true });
    expect(await verdict("/qstash/watchdog")).toEqual({ ok: false, reason: "url" });
  });

  test("that the Worker does not accept is tried again after 1, 2 and 4 s, and then told to /qstash/failed", async () => {
    stack.endpoint.answer(({ path }) => ({ status: path === "/qstash/failed" ? 200 : 500 }));
    await scheduler().sendTick({ ...tick, wait_ms: 0 });
    const paths = () => stack.endpoint.deliveries.map(({ path }) => path);
    for (const [seconds, count] of [
      [1, 1],
      [1, 2],
      [2, 3],
      [4, 5],
    ] as const) {
      await stack.qstash.clock.advance(seconds * 1000);
      expect(paths()).toHaveLength(count);
    }
    expect(paths().at(-1)).toBe("/qstash/failed");
  });
});

describe("trouble with QStash", () => {
  test.each<FaultRule>([
    { kind: "refuse-publish", status: 429, times: 2 },
    { kind: "refuse-publish", status: 500, times: 2 },
    { kind: "lose-publish", times: 2 },
    { kind: "lose-publish-reply", times: 2 },
  ])("that passes is got over: $kind $status", async (fault) => {
    stack.qstash.faults.add(fault);
    expect(await scheduler().sendTick(tick)).toBe(true);
    expect(stack.qstash.stats.published).toBe(1);
  });

  test("that cannot pass is logged at once and thrown at nobody", async () => {
    stack.qstash.faults.add({ kind: "refuse-publish", status: 412, times: "always" });
    expect(await scheduler().sendTick(tick)).toBe(false);
    const lines = logged.mock.calls.map(([line]): unknown => JSON.parse(String(line)));
    expect(lines).toEqual([
      expect.objectContaining({
        event: "scheduler.publish_failed",
        project: "local",
        generation: 7,
        error_name: expect.stringMatching(/Qstash/),
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain(stack.qstash.token);
  });

  test("that lasts ends after the fourth attempt", async () => {
    stack.qstash.faults.add({ kind: "refuse-publish", status: 500, times: 4 });
    expect(await scheduler().sendTick(tick)).toBe(false);
    expect(stack.qstash.faults.list()).toEqual([]);
  });
});

describe("the state of QStash", () => {
  test("is well while it answers with keys that we know", async () => {
    expect(await scheduler().state()).toEqual({ ok: true });
  });

  test("stays well while the signing keys are rotated, until they are rotated again", async () => {
    const keys = stack.qstash.signingKeys();
    stack.qstash.rotateKeys();
    expect(await scheduler({ keys }).state()).toEqual({ ok: true });
    stack.qstash.rotateKeys();
    expect(await scheduler({ keys }).state()).toEqual({
      ok: false,
      message: expect.stringContaining("a key that is not ours"),
    });
  });

  test("says when the token is refused, and when nobody answers", async () => {
    expect(await scheduler({ token: "wrong" }).state()).toMatchObject({
      message: expect.stringContaining("QSTASH_TOKEN"),
    });
    expect(await scheduler({ url: "http://127.0.0.1:9" }).state()).toMatchObject({
      message: expect.stringContaining("did not answer"),
    });
  });

  test("is asked once for several looks in a row", async () => {
    const one = scheduler();
    expect(await one.state()).toEqual({ ok: true });
    await stack.qstash.stop();
    expect(await one.state()).toEqual({ ok: true });
  });
});

test("the watchdog is one schedule, however often it is set up, and calls 288 times a day", async () => {
  const { qstash, endpoint } = stack;
  const config = { url: qstash.url, token: qstash.token, base_url: endpoint.url };
  const first = await upsertWatchdog(config);
  expect(await upsertWatchdog(config)).toEqual(first);
  await qstash.clock.advance(86_400_000);
  expect(endpoint.deliveries).toHaveLength(288);
  expect(new Set(endpoint.deliveries.map(({ path }) => path))).toEqual(
    new Set(["/qstash/watchdog"]),
  );
  expect(qstash.stats.billed).toBe(288);
});
