/** The history checker finds what began before its dependencies let it. */
import { expect, test } from "vitest";
import type { Fact } from "../support/history.ts";
import { check, task } from "./made-up.ts";

const fact = (type: string, task_id: string): Fact => ({ at: 1, type: `task.${type}`, task_id });
const tasks = (trigger_rule?: string) => [
  ...["r1t1", "r1t2"].map((task_id) => task({ task_id, status: "failed" })),
  task({
    task_id: "r1t3",
    status: "failed",
    dependencies: [{ task_id: "r1t1" }, { task_id: "r1t2" }],
    ...(trigger_rule !== undefined && { trigger_rule }),
  }),
];
const EARLY = "untrue: r1t3 was begun before";

test.each([
  [undefined, ["completed r1t1", "claimed r1t3", "completed r1t2"], `${EARLY} r1t2 let it`],
  [undefined, ["failed r1t1", "completed r1t2", "claimed r1t3"], `${EARLY} r1t1 let it`],
  [undefined, ["failed r1t1", "completed r1t2", "completed r1t1", "claimed r1t3"], undefined],
  [undefined, ["failed r1t3", "claimed r1t3"], `${EARLY} r1t1, r1t2 let it`],
  ["all_done", ["cancelled r1t1", "claimed r1t3", "skipped r1t2"], `${EARLY} r1t2 let it`],
  ["all_done", ["cancelled r1t1", "skipped r1t2", "claimed r1t3"], undefined],
  ["one_failed", ["completed r1t1", "claimed r1t3"], `${EARLY} r1t1, r1t2 let it`],
  ["one_failed", ["failed r1t1", "claimed r1t3"], undefined],
])("with %s, %j is %s", (rule, story, said) => {
  const facts = story.map((word) => {
    const [type = "", id = ""] = word.split(" ");
    return fact(type, id);
  });
  const found = check({ facts, tasks: tasks(rule) });
  expect(found).toEqual(said === undefined ? [] : [said]);
});
