/** Reviews: nobody judges what it has made, and work is sent back so often and no oftener. */
import { z } from "zod";
import type { Breach, Fact, History } from "../history.ts";
import type { FinalTask } from "./final-state.ts";
import { groupBy } from "./seen.ts";

export function checkReviews({ facts, final }: History): Breach[] {
  const byTask = groupBy(
    facts.filter(({ task_id }) => task_id !== undefined),
    ({ task_id = "" }) => task_id,
  );
  const told = { tasks: final.tasks, byTask };
  const tasks = [...final.tasks.values()];
  return tasks.filter(({ review }) => review).flatMap((task) => checkReviewed(task, told));
}

interface Told {
  readonly tasks: ReadonlyMap<string, FinalTask>;
  readonly byTask: ReadonlyMap<string, readonly Fact[]>;
}

function checkReviewed(task: FinalTask, told: Told): Breach[] {
  const { task_id, review } = task;
  const own = told.byTask.get(task_id) ?? [];
  const faults: Breach[] = [];
  const untrue = (text: string): void => void faults.push({ kind: "untrue", text });
  let rejected = 0;
  let last: Fact | undefined;
  for (const fact of own) {
    if (fact.type === "task.review_requested") {
      last = fact;
      if (fact.round === 1) rejected = 0;
      if (madeBy(own, fact.agent_id)) faults.push(...checkJudges(fact, told));
      else untrue(`${fact.review} reviews what ${fact.agent_id} never had`);
    } else if (fact.type === "task.review_rejected") {
      rejected += 1;
      if (rejected > (review?.max_rounds ?? 0))
        untrue(`${task_id} was sent back ${rejected} times`);
    }
  }
  if (task.status === "completed" && !isPassing(told.tasks.get(last?.review ?? ""), task)) {
    untrue(`${task_id} is completed without a verdict that it passes`);
  }
  return faults;
}

function madeBy(facts: readonly Fact[], agent: string | undefined): boolean {
  return facts.some(({ type, agent_id }) => type === "task.claimed" && agent_id === agent);
}

function checkJudges({ review = "", agent_id = "" }: Fact, { byTask }: Told): Breach[] {
  const judges = (byTask.get(review) ?? []).filter(({ type }) => type === "task.claimed");
  return judges.some((claim) => claim.agent_id === agent_id)
    ? [{ kind: "untrue", text: `${agent_id} got the review ${review} of what it has made` }]
    : [];
}

const verdict = z.looseObject({ approved: z.boolean(), score: z.number().optional() });

function isPassing(reviewing: FinalTask | undefined, { review }: FinalTask): boolean {
  if (reviewing?.status !== "completed") return false;
  const { approved, score = 1 } = verdict.parse(reviewing.result);
  return approved && score >= (review?.threshold ?? 0);
}
