/** Reviews: a task in review waits for one that is open and says so, and no other review is open. */
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import type { TaskRecord } from "../../../src/domain/task.ts";
import type { Books } from "./books.ts";

export function checkReviews(books: Books): void {
  for (const task of books.tasks.values()) {
    if (task.reviews === undefined) checkReviewed(task, books);
    else checkReview(task, books);
  }
}

function checkReviewed(task: TaskRecord, { tasks, runs, fault }: Books): void {
  const { task_id, status, review_task, review, round = 0, verdicts = [] } = task;
  if ((status === "in_review") !== (review_task !== undefined)) {
    fault(`${task_id} is ${status} and waits for the review ${review_task}`);
  }
  if (!review && (round > 0 || verdicts.length > 0)) fault(`${task_id} was reviewed for nothing`);
  if (review && round > review.max_rounds) fault(`${task_id} is in round ${round}`);
  const open = review_task === undefined ? undefined : tasks.get(review_task);
  if (review_task !== undefined && open?.reviews !== task_id) {
    fault(`${task_id} waits for ${review_task}, which does not review it`);
  }
  // Whoever cancels a run comes to each of its tasks, some of them a little later.
  const cancelling = runs.get(task_id.replace(/t\d+$/, ""))?.cancelled;
  if (open && isTerminal(open.status) && !cancelling) {
    fault(`${task_id} waits for ${review_task}, which is ${open.status}`);
  }
}

function checkReview(task: TaskRecord, { tasks, fault }: Books): void {
  const { task_id, status, reviews = "", not_by, review, has_dependents, lease } = task;
  const reviewed = tasks.get(reviews);
  if (!isTerminal(status) && reviewed?.review_task !== task_id) {
    fault(`${task_id} is ${status}, and ${reviews} does not wait for it`);
  }
  if (review || has_dependents) fault(`${task_id} is a review, and is reviewed or depended on`);
  if (not_by === undefined || lease?.agent_id === not_by) {
    fault(`${task_id} was given to ${lease?.agent_id}, who has made what it is about`);
  }
  if (status === "failed" && task.discarded_at === undefined) fault(`${task_id} is a dead letter`);
}
