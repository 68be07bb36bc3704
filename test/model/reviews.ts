/** The model's reviews: a task that waits for a verdict, and the task under which another agent gives it. */
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { noteResult } from "./breakers.ts";
import { followAnew } from "./edges.ts";
import { die } from "./failures.ts";
import { beingCancelled, endAsCancelled, endTask, leaseOf, makeReady, move } from "./lifecycle.ts";
import { type Follower, runOf, type World } from "./world.ts";

interface Subject {
  readonly world: World;
  readonly task: TaskRecord;
}

/** What was not accepted makes room for the next result. */
export function forgetResult({ world, task }: Subject): void {
  delete task.result_bytes;
  world.texts.delete(`${task.task_id}:result`);
}

/** Somebody else than `maker` is asked for a verdict. */
export function requestReview({ world, task }: Subject, maker: string): void {
  const { review, priority, created_by } = task;
  if (!review) throw new Error(`the model reviews ${task.task_id}, which asks for no review`);
  const run = runOf(world, task);
  run.tasks += 1;
  run.open += 1;
  if (!run.agent_types.includes(review.agent_type)) run.agent_types.push(review.agent_type);
  const task_id = `${run.run_id}t${run.tasks}`;
  task.round = (task.round ?? 0) + 1;
  task.review_task = task_id;
  const reviewing: TaskRecord = {
    task_id,
    title: `Review of ${task.task_id}, round ${task.round}`,
    agent_type: review.agent_type,
    lane: review.lane,
    priority,
    created_by,
    created_at: world.now,
    status: "ready",
    attempt: 0,
    payload_bytes: 0,
    reviews: task.task_id,
    not_by: maker,
    delegation: { max_depth: 0, max_tasks: 0 },
  };
  world.tasks.set(task_id, reviewing);
  makeReady(world, reviewing);
  noteResult(world, { agent_type: task.agent_type, agent_id: maker });
  world.facts.push(
    `task.review_requested ${task.task_id}`,
    `task.created ${task_id}`,
    `task.ready ${task_id}`,
  );
}

/** A task and its review go together: neither waits for the other once one of them has ended otherwise. */
export const followReviews: Follower = (world, task, before) => {
  if (before === "in_review" && task.review_task !== undefined) {
    const reviewing = world.tasks.get(task.review_task);
    delete task.review_task;
    if (reviewing && !isTerminal(reviewing.status)) endAsCancelled(world, reviewing);
  } else if (task.reviews !== undefined) {
    if (task.status === "failed" || task.status === "cancelled") missVerdict({ world, task });
  }
};

function missVerdict({ world, task }: Subject): void {
  const reviewed = world.tasks.get(task.reviews ?? "");
  if (task.status === "failed") {
    task.discarded_at = world.now;
    task.note = `No verdict came of it: retry ${task.reviews}, which it reviewed.`;
    world.facts.push(`task.discarded ${task.task_id}`);
  }
  if (reviewed?.review_task !== task.task_id || reviewed.status !== "in_review") return;
  // Whoever cancels a run comes to each of its tasks.
  if (task.status === "cancelled" && beingCancelled(runOf(world, task))) return;
  reviewed.error = JSON.stringify({
    message: `Its review ${task.task_id} ended without a verdict (${task.status}).`,
    code: "review_unavailable",
  });
  die({ world, task: reviewed }, "review_unavailable");
}

/** Returns what was reviewed. */
export function giveVerdict(
  { world, task }: Subject,
  { passed, text }: { passed: boolean; text: string },
): TaskRecord | undefined {
  const reviewed = world.tasks.get(task.reviews ?? "");
  if (reviewed?.review_task !== task.task_id || reviewed.status !== "in_review") return undefined;
  if (passed) {
    move(world, reviewed, "accept");
    world.facts.push(`task.completed ${reviewed.task_id}`);
    endTask(world, reviewed);
    followAnew(world, reviewed);
  } else {
    sendBack({ world, task: reviewed }, { reviewing: task, text });
  }
  return reviewed;
}

function sendBack(
  { world, task }: Subject,
  { reviewing, text }: { reviewing: TaskRecord; text: string },
): void {
  const { task_id, round = 0, review, verdicts = [] } = task;
  const envelope = JSON.stringify({ round, agent_id: leaseOf(reviewing).agent_id }).slice(0, -1);
  world.texts.set(
    `${task_id}:verdict:${reviewing.task_id}`,
    `${envelope},"verdict":${text || "null"}}`,
  );
  const all = [...verdicts, reviewing.task_id];
  task.verdicts = all.slice(-LIMITS.verdicts_kept);
  for (const id of all.slice(0, -LIMITS.verdicts_kept)) {
    world.texts.delete(`${task_id}:verdict:${id}`);
  }
  world.facts.push(`task.review_rejected ${task_id}`);
  const most = review?.max_rounds ?? 0;
  if (round >= most) {
    task.error = JSON.stringify({
      message: `Its reviewers sent it back as often as they may (max_rounds: ${most}).`,
      code: "review_rejected",
    });
    die({ world, task }, "review_rejected");
    return;
  }
  move(world, task, "rework");
  world.facts.push(`task.ready ${task_id}`);
  const maker = reviewing.not_by ?? "";
  task.prefer = { agent_id: maker, until_ms: world.now + LIMITS.prefer_ms };
  makeReady(world, task);
}
