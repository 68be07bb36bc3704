import { expect, test } from "vitest";
import { parseGoal } from "../../infra/demo/goal/parse-goal.ts";
import type { Goal } from "../../infra/demo/goal/goal.ts";
import { implementationContext } from "../../infra/demo/planning/briefs.ts";
import { makePlan } from "../../infra/demo/planning/make-plan.ts";

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

test("plans a reviewed task for each function, and one run of all tests when all of them are there", () => {
  expect(
    plan.map(({ key, agent_type, dependencies }) => ({ key, agent_type, dependencies })),
  ).toEqual([
    { key: "low", agent_type: "implementation" },
    { key: "mid", agent_type: "implementation", dependencies: ["low"] },
    { key: "high", agent_type: "implementation", dependencies: ["mid"] },
    { key: "all-tests", agent_type: "testing", dependencies: ["low", "mid", "high"] },
  ]);
  const reviewers = plan.map(({ options }) => options?.["review"]);
  expect(reviewers).toEqual([
    expect.objectContaining({ agent_type: "testing" }),
    expect.objectContaining({ agent_type: "testing" }),
    expect.objectContaining({ agent_type: "testing" }),
    undefined,
  ]);
});

test("keeps half of the examples back from the implementer", () => {
  const [low] = plan;
  expect(low?.context["examples"]).toHaveLength(2);
  expect(low?.task_description).not.toContain('low("")');
});

test("gives the implementer the kinds of what it builds on", () => {
  const mid = plan.find(({ key }) => key === "mid");
  expect(implementationContext.parse(mid?.context).function.uses).toEqual([
    { name: "low", takes: ["text"], returns: "text" },
  ]);
});
