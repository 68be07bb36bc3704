import { expect, test } from "vitest";
import { parseGoal } from "../../infra/demo/goal/parse-goal.ts";
import type { Goal } from "../../infra/demo/goal/goal.ts";
import { implementationContext, type TestReport } from "../../infra/demo/planning/briefs.ts";
import { makePlan } from "../../infra/demo/planning/make-plan.ts";
import { nextRound } from "../../infra/demo/planning/next-round.ts";

const goal = goalFrom(`# kit
## low(text)
In lower case.
- low("A") is "a"
- low("bC") is "bc"
- low("") is ""
## mid(text)
As \`low\` has it.
- mid("A") is "a"
- mid("B") is "b"
## high(text)
As \`mid\` has it.
- high("A") is "a"
- high("B") is "b"
`);
const plan = makePlan(goal);

function goalFrom(text: string): Goal {
  const parsed = parseGoal(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.goal;
}

function failed(...tests: string[]): TestReport {
  return { passed: 1, failed: tests.length, failures: tests.map((test) => ({ test, said: "no" })) };
}

test("plans code and tests for each function, and one run when all of them are there", () => {
  expect(
    plan.tasks.map(({ key, agent_type, dependencies }) => ({ key, agent_type, dependencies })),
  ).toEqual([
    { key: "low", agent_type: "implementation" },
    { key: "test-low", agent_type: "testing" },
    { key: "mid", agent_type: "implementation", dependencies: ["low"] },
    { key: "test-mid", agent_type: "testing" },
    { key: "high", agent_type: "implementation", dependencies: ["mid"] },
    { key: "test-high", agent_type: "testing" },
    {
      key: "round-1",
      agent_type: "testing",
      dependencies: ["low", "test-low", "mid", "test-mid", "high", "test-high"],
    },
  ]);
});

test("keeps half of the examples back from the implementer, and none from the tests", () => {
  const [low, tests] = plan.tasks;
  expect(low?.context["examples"]).toHaveLength(2);
  expect(low?.task_description).not.toContain('low("")');
  expect(tests?.context["examples"]).toHaveLength(3);
});

test("gives the implementer the kinds of what it builds on", () => {
  const mid = plan.tasks.find(({ key }) => key === "mid");
  expect(implementationContext.parse(mid?.context).function.uses).toEqual([
    { name: "low", takes: ["text"], returns: "text" },
  ]);
});

test("orders fixes of exactly what failed, each after those it builds on through any number of others", () => {
  const tasks = nextRound({ goal, plan, reports: [failed('low("") is ""', 'high("B") is "b"')] });
  expect(tasks.map(({ key, dependencies }) => ({ key, dependencies }))).toEqual([
    { key: "fix-low" },
    { key: "fix-high", dependencies: ["fix-low"] },
    { key: "round-2", dependencies: ["fix-low", "fix-high"] },
  ]);
});

test("hands failures of earlier rounds on, so that what was wrong once stays right", () => {
  const reports = [failed('low("bC") is "bc"'), failed('low("") is ""')];
  const [fix] = nextRound({ goal, plan, reports });
  const { failures } = implementationContext.parse(fix?.context);
  expect(failures?.map(({ example }) => example.result)).toEqual(["bc", ""]);
  expect(fix?.task_description).toContain('expected low("bC") is "bc"');
});

test("has nothing to order when no test failed, or none that belongs to an example", () => {
  expect(nextRound({ goal, plan, reports: [failed()] })).toEqual([]);
  expect(nextRound({ goal, plan, reports: [failed("test/low.test.js")] })).toEqual([]);
});
