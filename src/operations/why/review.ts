/** A task in review waits for a verdict; whatever its review waits for is at the root of that. */
import type { Explain } from "./cause.ts";

export const review: Explain = ({ status, review_task = "", round, review }) => {
  if (status !== "in_review") return undefined;
  const text = `Waits for the verdict of ${review_task} (round ${round} of ${review?.max_rounds}).`;
  return { why: "dependency", subject: review_task, text };
};
