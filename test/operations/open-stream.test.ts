/** A stream to one reader: never faster than that one, over when it takes nothing, and so many for each key. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import type { Caller } from "../../src/operations/operation.ts";
import { openStream, ReaderGone } from "../../src/operations/streams/open-stream.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const line = new TextEncoder().encode("data: x\n\n");

/** A stream that is filled as fast as its reader takes it. */
function filled(key_id: string, until: AbortSignal = new AbortController().signal) {
  const caller: Caller = { project: "streams", key_id, role: "viewer" };
  const seen = { written: 0, ended: undefined as unknown };
  const stream = openStream({ caller, signal: until }, async ({ write, signal, isOver }) => {
    try {
      while (!signal.aborted && !isOver()) {
        await write(line);
        seen.written += 1;
      }
    } catch (error) {
      seen.ended = error;
      throw error;
    }
  });
  return { stream, seen };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("nothing is written ahead of a reader that does not read", async () => {
  const { stream, seen } = filled("slow");
  await settled();
  expect(seen.written).toBeLessThanOrEqual(1);
  const reader = stream?.getReader();
  for (let read = 0; read < 5; read++) await reader?.read();
  await settled();
  expect(seen.written).toBeLessThanOrEqual(6);
  await reader?.cancel();
});

test("who takes nothing for half a minute is cut off, and who goes away ends it at once", async () => {
  const { stream, seen } = filled("asleep");
  await settled();
  await vi.advanceTimersByTimeAsync(29_000);
  expect(seen.ended).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1_000);
  await settled();
  expect(seen.ended).toBeInstanceOf(ReaderGone);
  const read = stream?.getReader().read();
  expect(
    await read?.then(
      () => "read",
      () => "cut off",
    ),
  ).toBe("cut off");

  const other = filled("gone");
  await settled();
  await other.stream?.cancel();
  await settled();
  expect(other.seen.ended).toBeInstanceOf(ReaderGone);
});

test("a key opens so many until they have ended, and another key is not concerned", async () => {
  const over = new AbortController();
  const most = LIMITS.event_streams_per_key * 10;
  const all = Array.from({ length: most }, () => filled("busy", over.signal));
  expect(all.every(({ stream }) => stream !== undefined)).toBe(true);
  expect(filled("busy").stream).toBeUndefined();
  const other = filled("other");
  expect(other.stream).toBeDefined();
  await Promise.all([...all, other].map(async ({ stream }) => stream?.cancel()));
  await settled();
  const again = filled("busy");
  expect(again.stream).toBeDefined();
  await again.stream?.cancel();
});
