/** Reviews under pressure: several at one moment, reviewers that do anything but review, and people who interfere. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { getTaskStatus } from "../../src/operations/get-task-status.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { factsOf } from "../support/dump.ts";
import { type Json, type Project, useProjects } from "../support/project.ts";
import {
  APPROVED,
  claimReview,
  handedIn,
  judged,
  REJECTED,
  reviewedBy,
} from "../support/reviews.ts";
import { seededRandom, shuffled } from "../support/shuffle.ts";

const newProject = useProjects();

const ROUNDS = Array.from({ length: 6 }, (_, round) => round);

test("three agents review each other, never themselves, until all is done", async () => {
  const project = newProject();
  const tasks = 12;
  const { options } = reviewedBy("implementation", { max_rounds: 3 });
  for (let made = 0; made < tasks; made++) await project.task({ options });
  /** Of each third task the first result is sent back, in whatever order things happen. */
  const sentBack = new Set<string>();
  const verdict = (inputs: object = {}): Json => {
    const [made = ""] = Object.keys(inputs);
    if (Number(/\d+/.exec(made)) % 3 !== 0 || sentBack.has(made)) return APPROVED;
    sentBack.add(made);
    return REJECTED;
  };
  const work = async (agent_id: string): Promise<boolean> => {
    const held = await project.poll(agent_id, { max_tasks: 2 });
    await Promise.all(
      held.map(async ({ lease, task_description, inputs }) => {
        const isReview = task_description.startsWith("Review the result");
        const result = isReview ? verdict(inputs) : { by: agent_id };
        await project.ok(submitResult, { lease, status: "completed", result });
      }),
    );
    return held.length > 0;
  };
  const agents = ["ada", "bob", "eve"];
  for (;;) {
    const busy = await Promise.all(agents.map(work));
    if (busy.some(Boolean)) continue;
    // What was sent back is kept for whoever made it.
    const open = factsOf(await project.dump()).length;
    project.advance(LIMITS.prefer_ms / 1000);
    await Promise.all(agents.map(work));
    if (factsOf(await project.dump()).length === open) break;
  }
  const claims = factsOf(await project.dump()).filter(({ type }) => type === "task.claimed");
  const asked = factsOf(await project.dump()).filter(
    ({ type }) => type === "task.review_requested",
  );
  expect(asked).toHaveLength(tasks + tasks / 3);
  for (const { review, agent_id } of asked) {
    const reviewers = claims.filter(({ task_id }) => task_id === review);
    expect(reviewers.map((claim) => claim["agent_id"])).not.toContain(agent_id);
  }
  for (let run = 1; run <= tasks; run++) {
    expect((await project.run(`r${run}`)).status).toBe("completed");
  }
  expect(await project.audit()).toEqual([]);
});

test("twenty polls of its maker at one moment get nothing of a review", async () => {
  const project = newProject();
  await project.task(reviewedBy("implementation"));
  await project.complete((await project.claim("ada")).lease);
  const polls = Array.from({ length: 20 }, (_, index) =>
    project.poll("ada", { instance: `process-${index % 2}` }).catch(() => []),
  );
  expect((await Promise.all(polls)).flat()).toEqual([]);
  expect(await project.claim("bob")).toMatchObject({ lease: expect.stringMatching(/^r1t2\.1\./) });
});

test.each(ROUNDS)(
  "a verdict and a cancel at one moment: one of them counts (%i)",
  async (round) => {
    const project = newProject();
    await handedIn(project);
    await project.task({ dependencies: ["r1t1"] });
    const { lease } = await claimReview(project);
    const acts = [
      () => project.call(submitResult, { lease, status: "completed", result: APPROVED }),
      () => project.control("cancel", { task_ids: ["r1t1"] }),
    ];
    await Promise.all(shuffled(acts, seededRandom(round)).map((act) => act()));
    const { status } = await project.record("r1t1");
    const followed = status === "completed" ? "ready" : "skipped";
    expect(["completed", "cancelled"]).toContain(status);
    expect((await project.record("r1t3")).status).toBe(followed);
    expect((await project.run("r1")).in_review).toBeUndefined();
    expect(await project.audit()).toEqual([]);
  },
);

test.each(ROUNDS)("of two reviewers, one lost and one new, one decides (%i)", async (round) => {
  const project = newProject();
  await handedIn(project);
  const eve = await project.claim("eve", { agent_type: "testing", lease_seconds: 10 });
  project.advance(11);
  const submit = (lease: string, result: Json) => () =>
    project.call(submitResult, { lease, status: "completed", result });
  // The lost one may be in time, as long as nobody else has the review.
  const acts = [
    submit(eve.lease, REJECTED),
    async () => {
      const [mia] = await project.poll("mia", { agent_type: "testing" });
      if (mia) await submit(mia.lease, APPROVED)();
    },
  ];
  await Promise.all(shuffled(acts, seededRandom(round)).map((act) => act()));
  const verdicts = factsOf(await project.dump()).filter(
    ({ type, task_id }) =>
      task_id === "r1t1" && (type === "task.completed" || type === "task.review_rejected"),
  );
  expect(verdicts).toHaveLength(1);
  expect(await project.audit()).toEqual([]);
});

describe("a reviewer that does something else", () => {
  test("may ask, and gives its verdict with the answer", async () => {
    const project = newProject();
    await handedIn(project);
    const { lease } = await claimReview(project);
    const question = "By which standard?";
    await project.ok(submitResult, { lease, status: "needs_input", question });
    const why = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "why" });
    expect(why).toMatchObject({ cause: "question", root: "r1t2" });
    await project.control("answer", { task_ids: ["r1t2"], text: "Ours." });
    const again = await claimReview(project);
    expect(again).toMatchObject({
      answers: [{ question, answer: "Ours." }],
      inputs: { r1t1: { by: "ada" } },
    });
    await project.complete(again.lease, APPROVED);
    expect((await project.record("r1t1")).status).toBe("completed");
    expect(await project.audit()).toEqual([]);
  });

  test("may not wait, since it delegates nothing, and still holds the review", async () => {
    const project = newProject();
    await handedIn(project);
    const { lease } = await claimReview(project);
    const refusal = await project.refusal(submitResult, { lease, status: "waiting" });
    expect(refusal).toMatchObject({ reason: "no_children" });
    expect(refusal.message).toContain("You still hold the task");
    await project.complete(lease, APPROVED);
  });

  test("may hand it back, and another one judges", async () => {
    const project = newProject();
    await handedIn(project);
    const { lease } = await claimReview(project);
    await project.ok(submitResult, { lease, status: "released", result: "I know the maker." });
    const other = await claimReview(project, "mia");
    expect(other.notes).toBe("I know the maker.");
    await project.complete(other.lease, REJECTED);
    expect((await project.record("r1t1")).verdicts).toEqual(["r1t2"]);
    expect(await project.audit()).toEqual([]);
  });

  test("may be told something, and hears it", async () => {
    const project = newProject();
    await handedIn(project);
    await project.control("message", { task_ids: ["r1t2"], text: "Look at the tests too." });
    expect((await claimReview(project)).messages).toEqual(["Look at the tests too."]);
  });
});

describe("while a task is in review", () => {
  test("it cannot be retried, discarded, answered or promoted, and its review goes on", async () => {
    const project = newProject();
    await handedIn(project);
    const { lease } = await claimReview(project);
    const before = await project.dump();
    for (const action of ["retry", "discard", "promote_late_result"] as const) {
      const { changed, refused } = await project.control(action, { task_ids: ["r1t1"] });
      expect([changed, refused?.length]).toEqual([[], 1]);
    }
    await project.control("answer", { task_ids: ["r1t1"], text: "?" });
    expect(await project.dump()).toEqual(before);
    await project.complete(lease, APPROVED);
    expect((await project.record("r1t1")).status).toBe("completed");
  });

  test("what it is told reaches whoever does it again", async () => {
    const project = newProject();
    await handedIn(project);
    await project.control("message", { task_ids: ["r1t1"], text: "Use tabs." });
    await judged(project, REJECTED);
    expect((await project.claim("ada")).messages).toEqual(["Use tabs."]);
  });

  test("another priority is its own and not that of the review, which is asked for already", async () => {
    const project = newProject();
    await handedIn(project);
    await project.control("set_priority", { task_ids: ["r1t1"], changes: { priority: 0 } });
    expect((await project.record("r1t2")).priority).toBe(5);
    await judged(project, REJECTED);
    expect((await project.record("r1t1")).priority).toBe(0);
    expect(await project.audit()).toEqual([]);
  });
});

describe("a late result of a task with a schema and a review", () => {
  const options = {
    ...reviewedBy().options,
    result_schema: { type: "object", required: ["tests"] },
  };

  async function late(project: Project, result: Json): Promise<void> {
    await project.task({ options });
    const { lease } = await project.claim("ada", { lease_seconds: 10 });
    project.advance(11);
    await project.claim("bob");
    await project.refusal(submitResult, { lease, status: "completed", result });
  }

  test("is promoted only if it fits", async () => {
    const project = newProject();
    await late(project, { lines: 3 });
    const { changed, refused } = await project.control("promote_late_result", {
      task_ids: ["r1t1"],
    });
    expect(changed).toEqual([]);
    expect(refused?.[0]?.reason).toMatch(/does not fit\. Missing: tests/);
    expect((await project.record("r1t1")).status).toBe("running");
  });

  test("and is then reviewed, by anybody but its maker", async () => {
    const project = newProject();
    await late(project, { tests: 12 });
    await project.control("promote_late_result", { task_ids: ["r1t1"] });
    expect(await project.record("r1t2")).toMatchObject({ reviews: "r1t1", not_by: "ada" });
    const review = await claimReview(project);
    expect(review.inputs).toEqual({ r1t1: { tests: 12 } });
    await project.complete(review.lease, REJECTED);
    expect((await project.record("r1t1")).status).toBe("ready");
    // Ada made what was sent back, and is asked first to do it better.
    expect((await project.claim("ada")).result_schema).toEqual(options.result_schema);
    expect(await project.audit()).toEqual([]);
  });
});

test.each([
  ["in any script", { approved: false, feedback: "もっと速く 🚀 \u0000 end" }],
  ["with nulls", { approved: false, score: null, feedback: "No.", findings: null }],
  [
    "with findings of every kind",
    { approved: false, feedback: "No.", findings: [1, null, {}, [], "x"] },
  ],
  ["with more than was asked for", { approved: false, feedback: "No.", extra: { deep: [[]] } }],
] satisfies [string, Json][])("feedback arrives as it was given: %s", async (_, verdict) => {
  const project = newProject();
  await handedIn(project);
  await judged(project, verdict);
  const again = await project.claim("ada");
  expect(again["feedback"]).toMatchObject({ reviews: [{ feedback: verdict.feedback }] });
  const full = await project.ok(getTaskStatus, { task_id: "r1t1", detail: "full" });
  expect(full).toMatchObject({ review: { sent_back: [{ feedback: verdict.feedback }] } });
  expect(await project.audit()).toEqual([]);
});

test("a verdict as long as one may be arrives whole, and leaves nothing behind", async () => {
  const project = newProject();
  await handedIn(project, {}, null);
  const feedback = "長".repeat(5_000);
  await judged(project, { approved: false, feedback });
  const full = await project.ok(getTaskStatus, { task_id: "r1t2", detail: "full" });
  expect(full["status"]).toBe("completed");
  const again = await project.claim("ada");
  expect(again["feedback"]).toMatchObject({
    reviews: [{ feedback: expect.stringMatching(/^長+/) }],
    sent_back: null,
  });
  await project.complete(again.lease, "better");
  await judged(project, APPROVED);
  expect(await project.audit()).toEqual([]);
  project.advance(LIMITS.run_kept_ms / 1000 + 1);
  for (let step = 0; step < 3; step++) await project.store.retire();
  const { strings, hashes } = await project.dump();
  expect(Object.keys(strings).filter((name) => name.startsWith("blob:"))).toEqual([]);
  expect(Object.keys(hashes)).toEqual(["control"]);
});
