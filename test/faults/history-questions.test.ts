/** What the checker says of made-up histories of questions, and of those who wait. */
import { expect, test } from "vitest";
import type { SeenCall } from "../support/seen-call.ts";
import { call, check, task } from "./made-up.ts";

const created = { type: "task.created", task_id: "r1t1", at: 1 };
const asked = { type: "task.suspended", task_id: "r1t1", suspended_for: "answer", at: 2 };

const wait = (asks: string[], cursor: string, since?: string): SeenCall =>
  call(
    "boss",
    "wait_for_tasks",
    { run_id: "r1", ...(since !== undefined && { cursor: since }) },
    {
      said: { ended: [], cursor, needs_you: asks.map((task_id) => ({ task_id, why: "question" })) },
    },
  );

const tasks = [task({ status: "suspended", waits_for: "answer" })];
const lost = "lost: boss was not told what r1t1 asks";

test("a question that no reply told is lost to whoever follows the cursors", () => {
  const facts = [created, asked];
  expect(check({ facts, tasks, calls: [wait([], "0"), wait([], "1", "0")] })).toContain(lost);
  const told = [wait(["r1t1"], "1"), wait([], "1", "1")];
  expect(check({ facts, tasks, calls: told })).not.toContain(lost);
  // Whoever goes on from elsewhere may know already.
  expect(check({ facts, tasks, calls: [wait([], "1", "7")] })).not.toContain(lost);
});

test("one that was answered meanwhile need not be told", () => {
  const facts = [created, asked, { type: "task.resumed", task_id: "r1t1", at: 3 }];
  expect(check({ facts, tasks, calls: [wait([], "1")] })).not.toContain(lost);
});

test("a second one is not the first", () => {
  const first = wait(["r1t1"], "1");
  const again = { ...asked, at: first.began + 500 };
  const facts = [
    created,
    asked,
    { type: "task.resumed", task_id: "r1t1", at: again.at - 1 },
    again,
  ];
  expect(check({ facts, tasks, calls: [first, wait([], "1", "1")] })).toContain(lost);
});
