/** What a reader of `GET /v1/events` is sent, as text. */
import { expect, test } from "vitest";
import { frameOf } from "../../src/http/events/frames.ts";

test("a stream begins with how soon to come back, and where it is", () => {
  expect(frameOf({ kind: "start", at: "17-0" })).toBe("retry: 2000\nid: 17-0\n\n");
  expect(frameOf({ kind: "start", at: "0-0" })).toBe("retry: 2000\n\n");
});

test("a quiet moment is a comment, and moves the place of the reader", () => {
  expect(frameOf({ kind: "quiet", at: "17-0" })).toBe(": keep-alive\nid: 17-0\n\n");
});

test("an event has its id, its type and its facts; a gap says what the log has", () => {
  const fact = { type: "task.ready", task_id: "r1t1" } as const;
  const event = { id: "17-0-1", at: 17, fact };
  expect(frameOf({ kind: "events", events: [event] })).toBe(
    `id: 17-0-1\nevent: task.ready\ndata: {"task_id":"r1t1","at":"1970-01-01T00:00:00.017Z"}\n\n`,
  );
  expect(frameOf({ kind: "gap", oldest: "17-0" })).toBe(`event: gap\ndata: {"oldest":"17-0"}\n\n`);
});
