/** The history checker finds what parents and children were promised and did not get. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../support/history.ts";
import type { FinalTask } from "../support/history/final-state.ts";
import { call, check, COMPLETED, SECOND, submit, task } from "./made-up.ts";

describe("delegation", () => {
  const fact = (type: string, more: Partial<Fact> = {}): Fact => ({
    at: 1,
    type,
    task_id: "r1t1",
    ...more,
  });
  const child = (task_id: string, more: Partial<FinalTask> = {}): FinalTask =>
    task({ task_id, parent: "r1t1", status: "cancelled", ...more });

  test("more tasks, more levels and other types than were granted are too many", () => {
    const grant = { delegation: { max_depth: 1, max_tasks: 2, agent_types: ["planning"] } };
    const tasks = [
      task({ status: "failed", ...grant }),
      child("r1t2"),
      child("r1t3", { agent_type: "testing" }),
      child("r1t4", { parent: "r1t2" }),
    ];
    expect(check({ tasks })).toEqual([
      "doubled: r1t1 has 3 tasks below it, and may have 2",
      "doubled: r1t1 delegates 2 levels deep, and may 1",
      "doubled: r1t1 delegated r1t3 to testing",
    ]);
  });

  test("a child that goes on after its parent has ended is lost, unless it runs alone", () => {
    const open = { status: "scheduled", why: "Starts in 5 s." };
    const tasks = [
      task({ status: "failed" }),
      child("r1t2", open),
      child("r1t3", { ...open, alone: true }),
    ];
    expect(check({ tasks })).toEqual(["lost: r1t2 goes on, though r1t1 is failed"]);
  });

  test("a parent that is resumed before its children have ended, or twice, is found out", () => {
    const facts = [
      fact("task.created", { task_id: "r1t2", parent: "r1t1" }),
      fact("task.suspended", { suspended_for: "children" }),
      fact("task.resumed"),
      fact("task.cancelled", { task_id: "r1t2" }),
      fact("task.resumed"),
    ];
    expect(check({ facts, tasks: [task({ status: "failed" }), child("r1t2")] })).toEqual([
      "lost: r1t1 was resumed before r1t2 had ended",
      "doubled: r1t1 was resumed, and had not waited",
    ]);
  });

  test("another result than the child's is untrue", () => {
    const shown = { task_id: "r1t2", status: "completed", result: "y" };
    const said = { tasks: [{ lease: SECOND, lease_seconds: 60, children: [shown] }] };
    const calls = [
      call("ada", "poll_tasks", { agent_id: "ada" }, { said }),
      submit("bob", "r1t2.1.aaaaaaaaaa", "x", COMPLETED),
    ];
    const tasks = [task({ status: "failed" }), child("r1t2", { status: "completed", result: "x" })];
    expect(check({ calls, tasks })).toEqual([
      `untrue: ${SECOND} was shown another result of r1t2 than it has`,
    ]);
  });
});
