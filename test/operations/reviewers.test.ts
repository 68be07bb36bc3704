/** Who reviews: anybody of that type, but never who made it; and somebody else if the reviewer is lost. */
import { expect, test } from "vitest";
import { createTask } from "../../src/operations/create-task.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { useProjects } from "../support/project.ts";
import {
  APPROVED,
  claimReview,
  handedIn,
  judged,
  REJECTED,
  reviewedBy,
} from "../support/reviews.ts";

const newProject = useProjects();

test("nobody reviews what it has made, and gets what is behind it", async () => {
  const project = newProject();
  await project.task(reviewedBy("implementation"));
  await project.complete((await project.claim("ada")).lease, "done");
  await project.task();
  const other = await project.claim("ada");
  expect(other.lease).toMatch(/^r2t1\./);
  await project.complete(other.lease);
  expect(await project.poll("ada")).toEqual([]);
  const review = await project.claim("bob");
  expect(review.lease).toMatch(/^r1t2\./);
  await project.complete(review.lease, REJECTED);
  project.advance(61);
  await project.complete((await project.claim("bob")).lease, "better");
  // Each review is for others than the maker of that round.
  expect(await project.poll("bob")).toEqual([]);
  expect((await project.claim("ada")).lease).toMatch(/^r1t3\./);
});

test("who may take it is said in why", async () => {
  const project = newProject();
  await handedIn(project);
  const why = { task_id: "r1t1", detail: "why" as const };
  expect(await project.ok(getTaskStatus, why)).toMatchObject({
    waits_for: "review r1t2",
    why: "Waits for the verdict of r1t2 (round 1 of 3). r1t2 (ready): Nobody has ever polled for testing. Start an agent of that type, or cancel and create the task for another.",
    root: "r1t2",
  });
  await claimReview(project);
  const running = await project.ok(getTaskStatus, why);
  expect(running["why"]).toMatch("r1t2 (running): eve works on it (attempt 1)");
});

test("that nobody but the maker could review is said in why", async () => {
  const project = newProject();
  await project.task(reviewedBy("implementation"));
  await project.complete((await project.claim("ada")).lease);
  const why = { task_id: "r1t1", detail: "why" as const };
  expect((await project.ok(getTaskStatus, why))["why"]).toMatch(
    "ada made what this reviews, and nobody else polls for implementation: start another agent",
  );
  await project.poll("bob", { max_tasks: 0 });
  expect((await project.ok(getTaskStatus, why))["why"]).toMatch("other than ada to poll");
});

test("a reviewer that dies is replaced", async () => {
  const project = newProject();
  await handedIn(project);
  await project.claim("eve", { agent_type: "testing", lease_seconds: 60 });
  project.advance(61);
  expect(await judged(project, APPROVED, "mia")).toMatchObject({ reviewed: { task_id: "r1t1" } });
  expect((await project.record("r1t1")).status).toBe("completed");
  expect(await project.audit()).toEqual([]);
});

test("a reviewer that fails is followed by another one", async () => {
  const project = newProject();
  await handedIn(project);
  await project.fail((await claimReview(project)).lease);
  expect((await project.record("r1t1")).status).toBe("in_review");
  project.advance(600);
  await judged(project, APPROVED, "mia");
  expect((await project.record("r1t1")).status).toBe("completed");
});

test("that nobody polls for reviewers is said when the task is created", async () => {
  const project = newProject();
  await project.poll("ada");
  await project.poll("eve", { agent_type: "testing" });
  const task = { agent_type: "implementation", task_description: "Do it." };
  const made = await project.ok(createTask, { ...task, ...reviewedBy("tsting") });
  expect(made.note).toBe("Nobody has polled for tsting yet; did you mean testing?");
});

test.each([
  [{ agent_type: "testing" }, "options.review.criteria"],
  [{ criteria: "Good." }, "options.review.agent_type"],
  [{ agent_type: "testing", criteria: "Good.", threshold: 80 }, "options.review.threshold"],
  [{ agent_type: "testing", criteria: "Good.", max_rounds: 0 }, "options.review.max_rounds"],
  [{ agent_type: "testing", criteria: "Good.", rounds: 2 }, "options.review"],
  [{ agent_type: "testing", criteria: "x".repeat(4_097) }, "at most 4096"],
])("a review that cannot be meant is refused with its place: %j", async (review, says) => {
  const project = newProject();
  const task = { agent_type: "implementation", task_description: "Do it.", options: { review } };
  const refusal = await project.refusal(createTask, task);
  expect(refusal.message).toContain(says);
});

test("whoever reviews delegates nothing", async () => {
  const project = newProject();
  await handedIn(project);
  const { lease } = await claimReview(project);
  const task = { agent_type: "testing", task_description: "Judge it for me.", lease };
  const refusal = await project.refusal(createTask, task);
  expect(refusal.message).toContain("r1t2 may not delegate any further");
});
