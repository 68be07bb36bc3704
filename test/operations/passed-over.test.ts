/** What is not for an agent, however much it is and wherever it stands, keeps nothing from it. */
import { expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { pollTasks } from "../../src/operations/poll-tasks.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";
import { reviewedBy } from "../support/reviews.ts";

const newProject = useProjects();

async function many(project: Project, count: number, options: Record<string, Json>): Promise<void> {
  const tasks = Array.from({ length: count }, (_, index) => ({
    key: `k${index}`,
    task_description: "Do it.",
    options,
  }));
  await project.ok(createWorkflow, { name: "Many", agent_type: "implementation", tasks });
}

/** Ada hands in so many tasks, all in one moment, which her own kind reviews; nobody else is there. */
async function ownReviews(project: Project, count: number): Promise<void> {
  await many(project, count, reviewedBy("implementation").options);
  for (let done = 0; done < count; done += LIMITS.max_tasks) {
    for (const { lease } of await project.poll("ada", { max_tasks: LIMITS.max_tasks })) {
      await project.complete(lease, "done");
    }
  }
}

/** How many polls it takes until the agent is given something. */
async function pollsUntilWork(project: Project, agent_id: string): Promise<[number, string]> {
  for (let polls = 1; polls <= 50; polls++) {
    const [task] = await project.poll(agent_id);
    if (task) return [polls, task.lease.split(".")[0] ?? ""];
  }
  throw new Error(`${agent_id} was given nothing`);
}

test("reviews of its own work hide no other work, and each poll goes on where the last one stopped", async () => {
  const project = newProject();
  await ownReviews(project, 90);
  project.advance(1);
  const behind = [await project.task(), await project.task()];
  expect(await pollsUntilWork(project, "ada")).toEqual([3, behind[0]]);
  await project.complete((await project.claim("ada")).lease);
  // What was passed over once is not looked at again.
  expect(await pollsUntilWork(project, "ada")).toEqual([1, behind[1]]);
  expect(await project.audit()).toEqual([]);
});

test("more of them in one moment than are read again hide nothing either", async () => {
  const project = newProject();
  await ownReviews(project, LIMITS.claim_ties + 20);
  project.advance(1);
  const behind = await project.task();
  const [polls, found] = await pollsUntilWork(project, "ada");
  expect(found).toBe(behind);
  expect(polls).toBeLessThan(10);
});

test("others still get them in their order", async () => {
  const project = newProject();
  await ownReviews(project, 50);
  await project.poll("ada");
  expect((await project.claim("bob")).lease).toMatch(/^r1t51\./);
});

test("one wait is enough, however much is to be passed over, and without a message", async () => {
  const project = newProject();
  await ownReviews(project, 120);
  project.advance(1);
  const behind = await project.task();
  const poll = { agent_id: "ada", wait_seconds: 30 };
  const { tasks = [] } = await project.ok(pollTasks, poll);
  expect(tasks).toMatchObject([{ lease: expect.stringMatching(`^${behind}\\.`) }]);
});

test("what is urgent and comes meanwhile is not passed over", async () => {
  const project = newProject();
  await ownReviews(project, 90);
  await project.poll("ada");
  const urgent = await project.task({ priority: 0 });
  expect(await pollsUntilWork(project, "ada")).toEqual([1, urgent]);
});

test("an agent that has seen all begins again at the head", async () => {
  const project = newProject();
  await many(project, 60, {});
  for (let round = 0; round < 6; round++) {
    for (const { lease } of await project.poll("ada", { max_tasks: 10 })) {
      await project.ok(submitResult, { lease, status: "released" });
    }
  }
  // All of them go to others first, for a minute.
  const polls = [await project.poll("ada"), await project.poll("ada"), await project.poll("ada")];
  expect(polls.flat()).toEqual([]);
  project.advance(LIMITS.avoid_ms / 1000);
  expect(await pollsUntilWork(project, "ada")).toEqual([1, "r1t1"]);
  expect(await project.audit()).toEqual([]);
});

test("what others go first for hides nothing, in each of many lanes", async () => {
  const project = newProject();
  const capabilities = ["a", "b", "c", "d", "e", "f"];
  for (const needed of capabilities) await many(project, 20, { requires: [needed] });
  for (let round = 0; round < 12; round++) {
    for (const { lease } of await project.poll("ada", { capabilities, max_tasks: 10 })) {
      await project.ok(submitResult, { lease, status: "needs_input", question: "Which?" });
    }
  }
  project.advance(1);
  const behind: string[] = [];
  for (const needed of capabilities) {
    behind.push(await project.task({ options: { requires: [needed] } }));
  }
  for (const run of ["r1", "r2", "r3", "r4", "r5", "r6"]) {
    for (let number = 1; number <= 20; number++) {
      await project.control("answer", { task_ids: [`${run}t${number}`], text: "That one." });
    }
  }
  const got: string[] = [];
  for (let polls = 0; polls < 10 && got.length < behind.length; polls++) {
    for (const { lease } of await project.poll("bob", { capabilities, max_tasks: 6 })) {
      got.push(lease.split(".")[0] ?? "");
    }
  }
  expect(got.toSorted()).toEqual(behind.toSorted());
  expect(await project.audit()).toEqual([]);
});

test("lanes that an agent may not serve any more are forgotten", async () => {
  const project = newProject();
  await ownReviews(project, 60);
  await project.poll("ada");
  const stored = async (): Promise<unknown> => {
    const text = (await project.dump()).hashes["control"]?.["agent:ada"] ?? "{}";
    return (JSON.parse(text) as { passed?: unknown }).passed;
  };
  expect(await stored()).toEqual({ 1: expect.objectContaining({ member: expect.any(String) }) });
  await project.task({ agent_type: "testing" });
  await project.claim("ada", { agent_type: "testing" });
  expect(await stored()).toBeUndefined();
});

test("what it costs to look on is bounded, and paid only where something is passed over", async () => {
  const project = newProject();
  await ownReviews(project, 150);
  const cost = async (agent_id: string): Promise<{ trips: number; billed: number }> => {
    project.upstash.stats.reset();
    await project.poll(agent_id);
    const { httpRequests, billed } = project.upstash.stats.snapshot();
    return { trips: httpRequests, billed };
  };
  await project.poll("ada");
  // Five goes at the line and the records of what stands there.
  expect(await cost("ada")).toEqual({ trips: 1, billed: 14 });
  await project.poll("bob");
  const { billed } = await cost("carl");
  expect(billed).toBeLessThan(14);
});
