/** Tasks whose results are reviewed, and verdicts on them. */
import type { HandedOut } from "../../src/operations/hand-out.ts";
import { submitResult } from "../../src/operations/submit-result.ts";
import type { Json, Project } from "./project.ts";

export const CRITERIA = "It must be right.";

/** The options of a task that testers review. */
export function reviewedBy(
  agent_type = "testing",
  more: Record<string, Json> = {},
): { options: { review: Record<string, Json> } } {
  return { options: { review: { agent_type, criteria: CRITERIA, ...more } } };
}

/** Ada makes r1t1, which is to be reviewed, and hands it in. */
export async function handedIn(
  project: Project,
  more: Record<string, Json> = {},
  result: Json = { by: "ada" },
): Promise<void> {
  await project.task(reviewedBy("testing", more));
  await project.complete((await project.claim("ada")).lease, result);
}

/** The review that the agent gets. */
export function claimReview(project: Project, agent_id = "eve"): Promise<HandedOut> {
  return project.claim(agent_id, { agent_type: "testing" });
}

/** A tester takes the review and gives this verdict. */
export async function judged(project: Project, verdict: Json, agent_id = "eve"): Promise<unknown> {
  const { lease } = await claimReview(project, agent_id);
  return project.ok(submitResult, { lease, status: "completed", result: verdict });
}

export const APPROVED = { approved: true, score: 0.9 };
export const REJECTED = { approved: false, feedback: "Too slow.", findings: ["loop"] };
