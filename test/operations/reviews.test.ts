/** Rounds of a review: work goes back until a reviewer accepts it, or until there were enough rounds. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { useProjects } from "../support/project.ts";
import {
  APPROVED,
  claimReview,
  CRITERIA,
  handedIn,
  judged,
  REJECTED,
  reviewedBy,
} from "../support/reviews.ts";

const newProject = useProjects();

describe("a result that is to be reviewed", () => {
  test("waits for a verdict under a task of its own in the same run", async () => {
    const project = newProject();
    await project.task({ ...reviewedBy(), priority: 2 });
    const { lease } = await project.claim("ada");
    expect(await project.complete(lease, { by: "ada" })).toMatchObject({ status: "in_review" });
    expect(await project.record("r1t1")).toMatchObject({
      status: "in_review",
      review_task: "r1t2",
      round: 1,
    });
    expect(await project.record("r1t2")).toMatchObject({
      status: "ready",
      agent_type: "testing",
      title: "Review of r1t1, round 1",
      priority: 2,
      reviews: "r1t1",
      not_by: "ada",
    });
    expect(await project.run("r1")).toMatchObject({ status: "active", tasks: 2, open: 2 });
    expect(await project.audit()).toEqual([]);
  });

  test("lets dependents start only after the verdict", async () => {
    const project = newProject();
    const make = { key: "make", task_description: "Make.", ...reviewedBy() };
    const use = { key: "use", task_description: "Use.", dependencies: ["make"] };
    const flow = { name: "Flow", agent_type: "implementation", tasks: [make, use] };
    await project.ok(createWorkflow, flow);
    await project.complete((await project.claim("ada")).lease, { by: "ada" });
    expect(await project.poll("bob")).toEqual([]);
    expect((await project.record("r1t2")).status).toBe("blocked");
    expect(await judged(project, APPROVED)).toEqual({
      task_id: "r1t3",
      status: "completed",
      reviewed: { task_id: "r1t1", status: "completed" },
    });
    const next = await project.claim("bob");
    expect(next.inputs).toEqual({ make: { by: "ada" } });
    await project.complete(next.lease);
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
    expect(await project.audit()).toEqual([]);
  });

  test("is completed with the result that was approved", async () => {
    const project = newProject();
    await handedIn(project);
    await judged(project, APPROVED);
    expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({
      status: "completed",
      result: { by: "ada" },
    });
  });
});

describe("a rejected result", () => {
  test("goes back to its agent first, with the feedback and what was sent back", async () => {
    const project = newProject();
    await handedIn(project);
    expect(await judged(project, REJECTED)).toMatchObject({
      reviewed: { task_id: "r1t1", status: "ready" },
    });
    expect(await project.poll("bob")).toEqual([]);
    const again = await project.claim("ada");
    expect(again).toMatchObject({
      lease: expect.stringMatching(/^r1t1\.2\./),
      feedback: {
        reviews: [{ round: 1, agent_id: "eve", feedback: "Too slow.", findings: ["loop"] }],
        sent_back: { by: "ada" },
      },
    });
    expect(again).not.toHaveProperty("previous_errors");
    expect(await project.audit()).toEqual([]);
  });

  test("goes to anybody after a while", async () => {
    const project = newProject();
    await handedIn(project);
    await judged(project, REJECTED);
    project.advance(LIMITS.prefer_ms / 1000);
    expect(await project.claim("bob")).toMatchObject({ feedback: { sent_back: { by: "ada" } } });
  });

  test("is accepted at the third attempt, without having used a retry", async () => {
    const project = newProject();
    const options = { ...reviewedBy().options, retry: { max_attempts: 1 } };
    await project.task({ options });
    for (const round of [1, 2]) {
      await project.complete((await project.claim("ada")).lease, { round });
      await judged(project, { ...REJECTED, feedback: `Not ${round}.` });
    }
    const third = await project.claim("ada");
    expect(third["feedback"]).toMatchObject({
      reviews: [{ feedback: "Not 1." }, { feedback: "Not 2." }],
      sent_back: { round: 2 },
    });
    await project.complete(third.lease, { round: 3 });
    await judged(project, APPROVED);
    expect(await project.record("r1t1")).toMatchObject({ status: "completed", attempt: 3 });
    expect(await project.record("r1t1")).not.toHaveProperty("failures");
    const full = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
    expect(full).toMatchObject({
      result: { round: 3 },
      review: {
        round: 3,
        max_rounds: 3,
        criteria: CRITERIA,
        sent_back: [{ feedback: "Not 1." }, { feedback: "Not 2." }],
      },
    });
    expect(await project.run("r1")).toMatchObject({ status: "completed", tasks: 4 });
    expect(await project.audit()).toEqual([]);
  });

  test("fails its task after max_rounds, as a dead letter with the whole history", async () => {
    const project = newProject();
    await project.task(reviewedBy("testing", { max_rounds: 2 }));
    for (const round of [1, 2]) {
      await project.complete((await project.claim("ada")).lease, { round });
      await judged(project, { ...REJECTED, feedback: `Not ${round}.` });
    }
    expect(await project.record("r1t1")).toMatchObject({
      status: "failed",
      error_code: "review_rejected",
    });
    const full = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
    expect(full).toMatchObject({
      error: { code: "review_rejected" },
      review: { sent_back: [{ feedback: "Not 1." }, { feedback: "Not 2." }] },
      rejected_result: { round: 2 },
    });
    expect(full).not.toHaveProperty("result");
    expect((await project.dump()).sets["dead"]).toHaveLength(1);
    expect(await project.run("r1")).toMatchObject({ status: "failed", failed: 1, open: 0 });
    expect(await project.audit()).toEqual([]);
  });

  test("has its rounds again when the dead letter is retried", async () => {
    const project = newProject();
    await handedIn(project, { max_rounds: 1 });
    await judged(project, REJECTED);
    await project.control("retry", { task_ids: ["r1t1"] });
    const again = await project.claim("ada");
    expect(again["feedback"]).toMatchObject({ reviews: [{ feedback: "Too slow." }] });
    await project.complete(again.lease, { better: true });
    expect(await project.record("r1t1")).toMatchObject({ status: "in_review", round: 1 });
    await judged(project, APPROVED);
    expect((await project.record("r1t1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });
});

describe("the threshold", () => {
  test.each([
    [{ approved: true }, {}, "completed"],
    [{ approved: true, score: 0.8 }, {}, "completed"],
    [{ approved: true, score: 0.79, feedback: "Nearly." }, {}, "ready"],
    [{ approved: true, score: 0.5 }, { threshold: 0.5 }, "completed"],
    [{ approved: true, score: 0, feedback: null }, { threshold: 0 }, "completed"],
    [{ approved: true, score: 0.99, feedback: "Nearly." }, { threshold: 1 }, "ready"],
    [{ approved: false, score: 1, feedback: "No." }, {}, "ready"],
  ])("%j under %j leaves the task %s", async (verdict, review, status) => {
    const project = newProject();
    await handedIn(project, review);
    expect(await judged(project, verdict)).toMatchObject({ reviewed: { status } });
    expect((await project.record("r1t1")).status).toBe(status);
    expect(await project.audit()).toEqual([]);
  });
});

test("a result over the inline size is reviewed, sent back and replaced like any other", async () => {
  const project = newProject();
  const large = "x".repeat(LIMITS.inline_bytes);
  await handedIn(project, {}, { large });
  expect((await claimReview(project)).inputs).toEqual({ r1t1: { large } });
  await judged(project, REJECTED);
  const again = await project.claim("ada");
  await project.complete(again.lease, "small");
  expect(await project.audit()).toEqual([]);
  await judged(project, APPROVED);
  expect(await project.ok(getTaskStatus, { task_id: "r1t1" })).toMatchObject({ result: "small" });
  project.advance(LIMITS.run_kept_ms / 1000 + 1);
  await project.store.retire();
  const { strings, hashes } = await project.dump();
  expect(Object.keys(strings).filter((name) => name.startsWith("blob:"))).toEqual([]);
  expect(Object.keys(hashes)).toEqual(["control"]);
});
