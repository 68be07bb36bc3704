/** Late results of reviewed tasks: promotion decides that one came in time, and the reviewer that it is good. */
import { expect, test } from "vitest";
import { submitResult } from "../../src/operations/submit-result.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";
import { APPROVED, claimReview, judged, REJECTED, reviewedBy } from "../support/reviews.ts";

const newProject = useProjects();

/** Ada loses r1t1 to bob, and her result is kept; returns bob's lease. */
async function lateResult(project: Project, result: Json = "ada's"): Promise<string> {
  await project.task(reviewedBy("testing", { max_rounds: 1 }));
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  const bob = await project.claim("bob", { lease_seconds: 60 });
  await project.refusal(submitResult, { lease, status: "completed", result });
  return bob.lease;
}

const REACHED: Record<string, (project: Project, bob: string) => Promise<unknown>> = {
  running: async () => undefined,
  ready: (project, lease) => project.ok(submitResult, { lease, status: "released" }),
  scheduled: (project, lease) => project.fail(lease),
  failed: (project, lease) => project.bury(lease),
  cancelled: (project) => project.control("cancel", { task_ids: ["r1t1"] }),
  in_review: (project, lease) => project.complete(lease, "bob's"),
  "sent back for good": async (project, lease) => {
    await project.complete(lease, "bob's");
    await judged(project, REJECTED);
  },
};

test.each(Object.keys(REACHED))(
  "promoted while the task is %s, a late result is reviewed like any other",
  async (state) => {
    const project = newProject();
    const bob = await lateResult(project);
    await REACHED[state]?.(project, bob);
    const { changed } = await project.control("promote_late_result", { task_ids: ["r1t1"] });
    expect(changed).toEqual(["r1t1"]);
    const task = await project.record("r1t1");
    expect(task).toMatchObject({ status: "in_review", round: 1 });
    expect(await project.audit()).toEqual([]);
    const review = await claimReview(project);
    expect(review.inputs).toEqual({ r1t1: "ada's" });
    expect(await project.record(task.review_task ?? "")).toMatchObject({ not_by: "ada" });
    await project.complete(review.lease, APPROVED);
    expect((await project.record("r1t1")).status).toBe("completed");
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
    expect(await project.audit()).toEqual([]);
  },
);

test("the review of what it replaces is over, and its reviewer hears of it", async () => {
  const project = newProject();
  await project.complete(await lateResult(project), "bob's");
  const { lease } = await claimReview(project);
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  const verdict = { lease, status: "completed" as const, result: APPROVED };
  expect(await project.refusal(submitResult, verdict)).toMatchObject({ reason: "cancelled" });
  expect(await project.record("r1t1")).toMatchObject({ status: "in_review", review_task: "r1t3" });
  expect(await project.audit()).toEqual([]);
});

test("a large one arrives whole, takes the place of a smaller one, and leaves nothing behind", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.inline_bytes);
  await project.complete(await lateResult(project, large), "bob's");
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect((await claimReview(project)).inputs).toEqual({ r1t1: large });
  await judged(project, APPROVED);
  expect(await project.audit()).toEqual([]);
});

test("dependents that were skipped wait for the verdict", async () => {
  const project = newProject();
  const bob = await lateResult(project);
  await project.task({ dependencies: ["r1t1"] });
  await project.bury(bob);
  expect((await project.record("r1t2")).status).toBe("skipped");
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  expect((await project.record("r1t2")).status).toBe("blocked");
  await judged(project, APPROVED);
  expect((await project.record("r1t2")).status).toBe("ready");
});

test("a deadline that has passed counts no more", async () => {
  const project = newProject();
  const { options } = reviewedBy();
  const deadline = new Date(project.now() + 100_000).toISOString();
  await project.task({ options: { ...options, deadline } });
  const { lease } = await project.claim("ada", { lease_seconds: 60 });
  project.advance(61);
  await project.claim("bob", { lease_seconds: 60 });
  await project.refusal(submitResult, { lease, status: "completed", result: "ada's" });
  project.advance(100);
  await project.poll("zoe", { agent_type: "other" });
  expect(await project.record("r1t1")).toMatchObject({ status: "failed", error_code: "deadline" });
  await project.control("promote_late_result", { task_ids: ["r1t1"] });
  await judged(project, APPROVED);
  expect((await project.record("r1t1")).status).toBe("completed");
  expect(await project.audit()).toEqual([]);
});
