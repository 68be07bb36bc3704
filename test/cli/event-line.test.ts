import { expect, test } from "vitest";
import { lineOf } from "../../src/cli/events/line.ts";

test("a time among the facts of an event is shown as one", () => {
  const data = { at: "2026-11-26T09:00:00.000Z", task_id: "r1t1", ready_at: 1_795_736_710_830 };
  expect(lineOf({ type: "task.retry_scheduled", data })).toBe(
    "2026-11-26T09:00:00.000Z task.retry_scheduled r1t1 ready_at=2026-11-26T23:45:10.830Z",
  );
});
