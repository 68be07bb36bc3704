/** A task and its review go together: whichever of them ends otherwise takes the other along, and nothing is left behind. */
import { describe, expect, test } from "vitest";
import { createTask } from "../../src/operations/create-task.ts";
import { heartbeat } from "../../src/operations/heartbeat.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import { type Project, useProjects } from "../support/project.ts";
import { APPROVED, claimReview, handedIn, REJECTED, reviewedBy } from "../support/reviews.ts";

const newProject = useProjects();

async function statuses(project: Project): Promise<string[]> {
  const { tasks } = await project.run("r1");
  const ids = Array.from({ length: tasks }, (_, index) => `r1t${index + 1}`);
  return Promise.all(ids.map(async (id) => (await project.record(id)).status));
}

describe("a review that ends without a verdict", () => {
  const ENDS: Record<string, (project: Project, lease: string) => Promise<unknown>> = {
    "its reviewer could not review": (project, lease) => project.bury(lease),
    "it was cancelled": (project) => project.control("cancel", { task_ids: ["r1t2"] }),
    "three reviewers were lost": async (project) => {
      for (const agent of ["mia", "noa", "zoe"]) {
        project.advance(3_601);
        await project.poll(agent, { agent_type: "testing" });
      }
    },
  };

  test.each(Object.keys(ENDS))("fails its task as review_unavailable: %s", async (name) => {
    const project = newProject();
    await handedIn(project);
    await ENDS[name]?.(project, (await claimReview(project)).lease);
    expect(await project.record("r1t1")).toMatchObject({
      status: "failed",
      error_code: "review_unavailable",
    });
    const { sets } = await project.dump();
    expect(sets["dead"]?.map(([member]) => member)).toEqual([
      expect.stringMatching(/^review_unavailable\|/),
    ]);
    expect(await project.run("r1")).toMatchObject({ status: "failed", open: 0, failed: 1 });
    expect(await project.audit()).toEqual([]);
  });

  test("cannot be retried, but what it reviewed can", async () => {
    const project = newProject();
    await handedIn(project);
    await project.bury((await claimReview(project)).lease);
    expect(await project.control("retry", { task_ids: ["r1t2", "r1t1"] })).toEqual({
      changed: ["r1t1"],
      refused: [{ task_id: "r1t2", reason: "it is a review: retry r1t1, which it reviewed" }],
    });
    await project.complete((await project.claim("ada")).lease, "again");
    expect(await statuses(project)).toEqual(["in_review", "failed", "ready"]);
    await project.complete((await claimReview(project)).lease, APPROVED);
    expect(await project.run("r1")).toMatchObject({ status: "completed", open: 0, failed: 0 });
    expect(await project.audit()).toEqual([]);
  });

  test("makes dependents skip, and its retry revives them", async () => {
    const project = newProject();
    await handedIn(project);
    await project.task({ dependencies: ["r1t1"] });
    await project.bury((await claimReview(project)).lease);
    expect(await statuses(project)).toEqual(["failed", "failed", "skipped"]);
    await project.control("retry", { task_ids: ["r1t1"] });
    expect(await statuses(project)).toEqual(["ready", "failed", "blocked"]);
    expect(await project.audit()).toEqual([]);
  });
});

describe("a task that ends while it is in review", () => {
  const ENDS: Record<string, (project: Project) => Promise<unknown>> = {
    cancelled: (project) => project.control("cancel", { task_ids: ["r1t1"] }),
    failed: async (project) => {
      project.advance(120);
      await project.poll("mia", { agent_type: "other" });
    },
  };
  const deadline = (project: Project): string => new Date(project.now() + 100_000).toISOString();

  test.each(["cancelled", "failed"])("%s: its review is cancelled", async (status) => {
    const project = newProject();
    const { options } = reviewedBy();
    await project.task({ options: { ...options, deadline: deadline(project) } });
    await project.complete((await project.claim("ada")).lease, "done");
    await ENDS[status]?.(project);
    expect(await statuses(project)).toEqual([status, "cancelled"]);
    expect(await project.record("r1t1")).not.toHaveProperty("review_task");
    expect(await project.run("r1")).toMatchObject({ open: 0, failed: status === "failed" ? 1 : 0 });
    expect(await claimNothing(project)).toBe(true);
    expect(await project.audit()).toEqual([]);
  });

  test.each(["cancelled", "failed"])("%s: its reviewer is told to stop", async (status) => {
    const project = newProject();
    const { options } = reviewedBy();
    await project.task({ options: { ...options, deadline: deadline(project) } });
    await project.complete((await project.claim("ada")).lease, "done");
    const { lease } = await claimReview(project);
    await ENDS[status]?.(project);
    expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "cancelled" });
    const verdict = { lease, status: "completed" as const, result: REJECTED };
    expect(await project.refusal(submitResult, verdict)).toMatchObject({ reason: "cancelled" });
    expect((await project.record("r1t1")).status).toBe(status);
    expect(await project.audit()).toEqual([]);
  });

  async function claimNothing(project: Project): Promise<boolean> {
    return (await project.poll("zoe", { agent_type: "testing" })).length === 0;
  }
});

test("cancelling a run cancels what is in review, and its review with it", async () => {
  const project = newProject();
  await handedIn(project);
  const { lease } = await claimReview(project);
  await project.control("cancel", { run_id: "r1" });
  expect(await statuses(project)).toEqual(["cancelled", "cancelled"]);
  expect(await project.run("r1")).toMatchObject({ status: "cancelled", open: 0, failed: 0 });
  expect(await project.refusal(heartbeat, { lease })).toMatchObject({ reason: "cancelled" });
  expect(await project.audit()).toEqual([]);
});

test("nothing depends on a review", async () => {
  const project = newProject();
  await handedIn(project);
  const task = { agent_type: "implementation", task_description: "x", dependencies: ["r1t2"] };
  expect(await project.refusal(createTask, task)).toMatchObject({
    reason: "graph",
    message:
      "Nothing was created: r1t2 is a review, and nothing can depend on one; depend on r1t1, which it reviews.",
  });
});

test("a task does not fail twice for an attempt that ran too long and was handed in after all", async () => {
  const project = newProject();
  const { options } = reviewedBy();
  await project.task({ options: { ...options, max_run_seconds: 60, retry: { max_attempts: 2 } } });
  const { lease } = await project.claim("ada");
  project.advance(61);
  await project.poll("zoe", { agent_type: "other" });
  expect(await project.record("r1t1")).toMatchObject({ status: "scheduled", failures: 1 });
  expect(await project.complete(lease, "late")).toMatchObject({ status: "in_review" });
  expect(await project.record("r1t1")).toMatchObject({ failures: 0 });
  expect(await project.audit()).toEqual([]);
});
