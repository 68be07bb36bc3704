/** Verdicts: what one has to look like, and when one counts. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Json, useProjects } from "../support/project.ts";
import { APPROVED, claimReview, handedIn, REJECTED } from "../support/reviews.ts";

const newProject = useProjects();

describe("a verdict that is none", () => {
  test.each([
    ["nothing", null, "result: object expected, not null."],
    ["a word", "approved", "result: object expected, not string."],
    ["no decision", { score: 1, feedback: "Good." }, "Missing: approved (boolean)."],
    [
      "no verdict at all",
      { ok: true },
      "Missing: approved (boolean). feedback (string) is needed where approved is false.",
    ],
    ["a decision in words", { approved: "yes", feedback: "x" }, "approved: boolean expected"],
    ["a rejection without a reason", { approved: false }, "Missing: feedback (string)."],
    ["an empty reason", { approved: false, feedback: "" }, "feedback: minLength is 1."],
    ["a low score without a reason", { approved: true, score: 0.2 }, "Missing: feedback (string)."],
    ["a score in percent", { approved: true, score: 90 }, "score: maximum is 1."],
    [
      "one that is too long",
      { approved: false, feedback: "x".repeat(LIMITS.verdict_bytes) },
      `A verdict has at most ${LIMITS.verdict_bytes} bytes`,
    ],
  ] satisfies [string, Json, string][])(
    "is refused, and its reviewer still holds the review: %s",
    async (_, result, says) => {
      const project = newProject();
      await handedIn(project);
      const { lease } = await claimReview(project);
      const refusal = await project.refusal(submitResult, { lease, status: "completed", result });
      expect(refusal.reason).toBe("result_schema");
      expect(refusal.message).toContain(says);
      expect(refusal.message).toMatch(/You still hold the task: submit again\.$/);
      expect((await project.record("r1t1")).status).toBe("in_review");
      await project.ok(heartbeat, { lease });
      await project.complete(lease, APPROVED);
      expect(await project.audit()).toEqual([]);
    },
  );
});

test("a verdict sent again is answered the same, and counts once", async () => {
  const project = newProject();
  await handedIn(project);
  const { lease } = await claimReview(project);
  const verdict = { lease, status: "completed" as const, result: REJECTED };
  await project.ok(submitResult, verdict);
  const before = await project.dump();
  expect(await project.ok(submitResult, verdict)).toMatchObject({ status: "completed" });
  expect(await project.ok(submitResult, { ...verdict, result: APPROVED })).toMatchObject({
    status: "completed",
  });
  expect(await project.dump()).toEqual(before);
});

test("the maker's submit sent again is answered as it was, whatever the verdict was", async () => {
  const project = newProject();
  await handedIn(project);
  const { attempts = [] } = await project.record("r1t1");
  const lease = `r1t1.1.${attempts[0]?.check}`;
  const again = { lease, status: "completed" as const, result: { by: "ada" } };
  expect(await project.ok(submitResult, again)).toMatchObject({ status: "in_review" });
  const review = await claimReview(project);
  await project.complete(review.lease, REJECTED);
  expect(await project.ok(submitResult, again)).toMatchObject({ status: "in_review" });
  expect((await project.record("r1t1")).status).toBe("ready");
});

test("a verdict of a reviewer whose lease went to another is kept, and decides nothing", async () => {
  const project = newProject();
  await handedIn(project);
  const poll = { agent_type: "testing", lease_seconds: 60 };
  const { lease } = await project.claim("eve", poll);
  project.advance(61);
  await project.claim("mia", poll);
  const verdict = { lease, status: "completed" as const, result: REJECTED };
  const refusal = await project.refusal(submitResult, verdict);
  expect(refusal).toMatchObject({ reason: "lease_lost" });
  expect((await project.record("r1t1")).status).toBe("in_review");
  const { refused } = await project.control("promote_late_result", { task_ids: ["r1t2"] });
  expect(refused).toEqual([
    { task_id: "r1t2", reason: "it is a review: its verdict counts only under its lease" },
  ]);
  expect(await project.audit()).toEqual([]);
});

test("a late verdict counts while nobody else has the review", async () => {
  const project = newProject();
  await handedIn(project);
  const { lease } = await project.claim("eve", { agent_type: "testing", lease_seconds: 60 });
  project.advance(61);
  await project.poll("mia", { agent_type: "other" });
  expect((await project.record("r1t2")).status).toBe("ready");
  await project.complete(lease, APPROVED);
  expect((await project.record("r1t1")).status).toBe("completed");
});
