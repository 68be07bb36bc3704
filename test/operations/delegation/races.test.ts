/** Parents, children and those who interfere, all at one moment: grants hold, and a parent wakes once or ends for good. */
import { describe, expect, test } from "vitest";
import { createTask } from "../../../src/operations/create-task.ts";
import { createWorkflow } from "../../../src/operations/create-workflow.ts";
import { heartbeat } from "../../../src/operations/heartbeat.ts";
import { pollTasks } from "../../../src/operations/poll-tasks.ts";
import { submitResult } from "../../../src/operations/submit-result.ts";
import { factsOf } from "../../support/dump.ts";
import { type Project, useProjects } from "../../support/project.ts";
import { seededRandom, shuffled } from "../../support/shuffle.ts";
import { APPROVED, claimReview, reviewedBy } from "../../support/reviews.ts";
import { child, children, parent, planningTask, wait, WORKER } from "./support.ts";

const newProject = useProjects();

/** Each order of events is as likely as any other; a fault shows in some of these rounds. */
const ROUNDS = Array.from({ length: 6 }, (_, round) => round);

async function statuses(project: Project): Promise<string[]> {
  const { tasks } = await project.run("r1");
  const ids = Array.from({ length: tasks }, (_, index) => `r1t${index + 1}`);
  return Promise.all(ids.map(async (id) => (await project.record(id)).status));
}

async function resumptions(project: Project, task_id: string): Promise<number> {
  return factsOf(await project.dump()).filter(
    (fact) => fact["type"] === "task.resumed" && fact["task_id"] === task_id,
  ).length;
}

describe("a grant, with creations by three generations at one moment", () => {
  test("is never exceeded in number, depth or agent types", async () => {
    const project = newProject();
    const delegation = { max_tasks: 9, max_depth: 2, agent_types: ["implementation", "testing"] };
    const lease = await parent(project, { delegation });
    await children(project, lease, 2);
    const leases = [lease, (await project.claim("bob")).lease, (await project.claim("cyd")).lease];
    await child(project, leases[1] ?? "");
    // A grandchild may not delegate any further.
    leases.push((await project.claim("dan")).lease);
    const one = leases.flatMap((held) =>
      ["implementation", "testing", "planning"].flatMap((agent_type) =>
        [1, 2].map(() => ({ agent_type, task_description: "X.", lease: held })),
      ),
    );
    const tasks = ["a", "b"].map((key) => ({ key, task_description: "X." }));
    const two = leases.map((held) => ({
      name: "Two",
      agent_type: "testing",
      lease: held,
      tasks,
    }));
    const calls = [
      ...one.map((task) => () => project.call(createTask, task, WORKER)),
      ...two.map((flow) => () => project.call(createWorkflow, flow, WORKER)),
    ];
    const results = await Promise.all(shuffled(calls, seededRandom(1)).map((call) => call()));
    const refusals = results.filter((result) => !result.ok);
    expect(refusals.every(({ refusal }) => refusal.reason === "limit")).toBe(true);

    expect(await project.run("r1")).toMatchObject({ tasks: 10 });
    expect(await project.record("r1t1")).toMatchObject({ delegated: 9 });
    for (let number = 2; number <= 10; number++) {
      const made = await project.record(`r1t${number}`);
      expect(delegation.agent_types).toContain(made.agent_type);
      expect(made.ancestors?.length).toBeLessThanOrEqual(2);
      expect(made.delegation?.max_tasks).toBeLessThan(9);
    }
    expect(await project.audit()).toEqual([]);
  });

  test("is never exceeded by children that each ask for all of it", async () => {
    const project = newProject();
    const lease = await parent(project, { delegation: { max_tasks: 6, max_depth: 2 } });
    const task = { agent_type: "implementation", task_description: "X.", lease };
    const asks = (max_tasks: number) => () =>
      project.call(createTask, { ...task, options: { delegation: { max_tasks } } }, WORKER);
    await Promise.all([5, 4, 3, 2, 1, 0].map((most) => asks(most)()));
    const { children: made = [] } = await project.record("r1t1");
    for (const [index, id] of made.entries()) {
      const { delegation } = await project.record(id);
      // What was left when it was made; its siblings may take of it since.
      expect(delegation?.max_tasks).toBeLessThanOrEqual(5 - index);
    }
    const held = await project.poll("bob", { max_tasks: 6 });
    await Promise.all(
      held.flatMap((inner) =>
        [1, 2, 3].map(() => project.call(createTask, { ...task, lease: inner.lease }, WORKER)),
      ),
    );
    expect((await project.record("r1t1")).delegated).toBeLessThanOrEqual(6);
    expect((await project.run("r1")).tasks).toBeLessThanOrEqual(7);
    expect(await project.audit()).toEqual([]);
  });
});

test.each(ROUNDS)(
  "a parent that waits while all its children end wakes once, with all of them (%i)",
  async (round) => {
    const project = newProject();
    const lease = await parent(project);
    await children(project, lease, 5);
    await child(project, lease, { agent_type: "testing", dependencies: ["r1t3"] });
    const held = await project.poll("bob", { max_tasks: 5 });
    const [first = "", second = "", third = "", fourth = ""] = held.map((task) => task.lease);
    const acts = [
      () => project.complete(first, 1),
      () => project.bury(second),
      () => project.complete(third, 3),
      () => project.complete(fourth, 4),
      () => project.control("cancel", { task_ids: ["r1t6"] }),
      () => wait(project, lease),
      () => wait(project, lease),
    ];
    await Promise.all(shuffled(acts, seededRandom(round)).map((act) => act()));
    expect(await resumptions(project, "r1t1")).toBe(1);
    const again = await planningTask(project, "ada");
    expect(again.lease).toMatch(/^r1t1\.2\./);
    expect(again.children?.map(({ status }) => status)).toEqual([
      "completed",
      "failed",
      "completed",
      "completed",
      "cancelled",
      "skipped",
    ]);
    expect(await project.audit()).toEqual([]);
  },
);

test.each(ROUNDS)(
  "a parent that is cancelled while its subtree submits, asks, delegates and claims takes all of it along (%i)",
  async (round) => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease, reviewedBy("testing"));
    await child(project, lease);
    await child(project, lease);
    await wait(project, lease);
    const bob = (await project.claim("bob")).lease;
    const cyd = (await project.claim("cyd")).lease;
    const acts = [
      () => project.control("cancel", { task_ids: ["r1t1"] }),
      () => project.call(submitResult, { lease: bob, status: "completed", result: "done" }),
      () => project.poll("eve", { agent_type: "testing" }),
      () =>
        project.call(
          createTask,
          { agent_type: "implementation", task_description: "X.", lease: cyd },
          WORKER,
        ),
      () =>
        project.call(submitResult, { lease: cyd, status: "needs_input", question: "Which one?" }),
      () => project.poll("dan"),
    ];
    await Promise.all(shuffled(acts, seededRandom(round)).map((act) => act()));
    expect(new Set(await statuses(project))).toEqual(new Set(["cancelled"]));
    expect(await project.run("r1")).toMatchObject({ open: 0, running: 0, status: "completed" });
    expect(await project.poll("zoe")).toEqual([]);
    expect(await project.poll("zoe-2", { agent_type: "testing" })).toEqual([]);
    expect(await project.audit()).toEqual([]);
  },
);

test("a grandchild's worker that is busy with something else is told to stop with its next poll", async () => {
  const project = newProject();
  const lease = await parent(project);
  await child(project, lease);
  await child(project, (await project.claim("bob")).lease);
  await project.task();
  const held = await project.poll("cyd", { max_tasks: 2 });
  expect(held.map((task) => task.lease.split(".")[0])).toEqual(["r1t3", "r2t1"]);
  await project.control("cancel", { task_ids: ["r1t1"] });
  const poll = { agent_id: "cyd", max_tasks: 2, wait_seconds: 0 };
  expect(await project.ok(pollTasks, poll)).toMatchObject({
    tasks: [{ held: true, lease: held[1]?.lease }],
    notices: [expect.stringMatching("^r1t3 was cancelled: stop")],
  });
  await project.complete(held[1]?.lease ?? "");
});

describe("a parent that waits, or asks", () => {
  test("is still woken once when its deadline, its child and an answer come together", async () => {
    const project = newProject();
    const deadline = new Date(project.now() + 60_000).toISOString();
    const lease = await parent(project, { deadline });
    await child(project, lease);
    const { lease: bob } = await project.claim("bob", { lease_seconds: 3_600 });
    await wait(project, lease);
    project.advance(61);
    await Promise.all([
      project.call(submitResult, { lease: bob, status: "completed", result: 1 }),
      project.control("answer", { task_ids: ["r1t1"], text: "?" }),
      project.poll("ada", { agent_type: "planning" }),
    ]);
    expect(await project.record("r1t1")).toMatchObject({
      status: "failed",
      error_code: "deadline",
    });
    expect((await project.run("r1")).open).toBe(0);
    expect(await project.audit()).toEqual([]);
  });

  test("for an answer is not resumed by its children, and sees them once it is answered", async () => {
    const project = newProject();
    const lease = await parent(project);
    await child(project, lease);
    await project.ok(submitResult, { lease, status: "needs_input", question: "How many?" });
    await project.complete((await project.claim("bob")).lease, "part");
    expect((await project.record("r1t1")).status).toBe("suspended");
    await project.control("answer", { task_ids: ["r1t1"], text: "Two." });
    const again = await planningTask(project, "ada");
    expect(again).toMatchObject({ answers: [{ answer: "Two." }], children: [{ result: "part" }] });
    expect(await wait(project, again.lease)).toMatchObject({ status: "ready" });
    expect(await project.audit()).toEqual([]);
  });

  test("cannot wait for children that a reviewer's round has left behind", async () => {
    const project = newProject();
    const { options } = reviewedBy("testing");
    const lease = await parent(project, options);
    await child(project, lease);
    expect(
      await project.refusal(submitResult, { lease, status: "completed", result: 1 }),
    ).toMatchObject({ reason: "children_open" });
    await project.bury((await project.claim("bob")).lease);
    await project.complete(lease, 1);
    // A child that is retried now runs alone: its parent has handed in.
    await project.control("retry", { task_ids: ["r1t2"] });
    const review = await claimReview(project);
    await project.complete(review.lease, { approved: false, feedback: "More." });
    const again = await planningTask(project, "ada");
    expect(again.children).toMatchObject([{ status: "ready", alone: true }]);
    expect(await wait(project, again.lease)).toMatchObject({ status: "ready" });
    const third = await planningTask(project, "ada");
    await project.complete(third.lease, 2);
    await project.complete((await claimReview(project)).lease, APPROVED);
    await project.complete((await project.claim("bob")).lease);
    expect((await project.run("r1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });
});

test("the lease of a parent that has ended creates nothing, however it ended", async () => {
  const project = newProject();
  const ends: Record<string, (lease: string) => Promise<unknown>> = {
    lease_ended: (lease) => project.complete(lease),
    cancelled: (lease) => project.control("cancel", { task_ids: [lease.split(".")[0] ?? ""] }),
  };
  for (const [reason, end] of Object.entries(ends)) {
    const lease = await parent(project);
    await end(lease);
    const task = { agent_type: "implementation", task_description: "X.", lease };
    expect(await project.refusal(createTask, task, WORKER)).toMatchObject({ reason });
  }
  const lease = await parent(project);
  await project.ok(submitResult, { lease, status: "needs_input", question: "What?" });
  const task = { agent_type: "implementation", task_description: "X.", lease };
  expect((await project.refusal(createTask, task, WORKER)).reason).toBe("lease_ended");
  expect((await project.refusal(heartbeat, { lease })).reason).toBe("lease_ended");
  expect(await project.audit()).toEqual([]);
});
