/** A task has one accepted result, the one that is shown; and what was not accepted is kept, or its sender was told. */
import type { Breach, History } from "../history.ts";
import type { SeenCall } from "../seen-call.ts";
import type { FinalTask } from "./final-state.ts";
import { groupBy, type Submit, submitsIn } from "./seen.ts";

export function checkResults(history: History): Breach[] {
  const submits = submitsIn(history.calls);
  const byTask = groupBy(submits, ({ task_id }) => task_id);
  const looks = groupBy(history.calls.filter(isLook), ({ args }) => String(args["task_id"]));
  const found: Breach[] = [];
  for (const task of history.final.tasks.values()) {
    const own = byTask.get(task.task_id) ?? [];
    const completed = own.filter(({ status }) => status === "completed");
    const seen = { completed, looks: looks.get(task.task_id) ?? [], skew_ms: history.skew_ms };
    found.push(...checkAccepted(task, completed), ...checkShown(task, completed));
    found.push(...checkKept(task, completed), ...checkLooks(task, seen));
  }
  return found;
}

function isLook({ tool, args, outcome }: SeenCall): boolean {
  return tool === "get_task_status" && args["task_id"] !== undefined && "said" in outcome;
}

function isAccepted({ answer, kept }: Submit): boolean {
  return answer === "completed" && !kept;
}

/** An acknowledged completion stands, and there is one at most. */
function checkAccepted(task: FinalTask, completed: readonly Submit[]): Breach[] {
  const leases = new Set(completed.filter(isAccepted).map(({ lease }) => lease));
  const faults: Breach[] = [];
  if (leases.size > 1) {
    const text = `${task.task_id} was completed under ${[...leases].join(", ")}`;
    faults.push({ kind: "doubled", text });
  }
  if (leases.size > 0 && task.status !== "completed") {
    const text = `${task.task_id} was acknowledged as completed and is ${task.status}`;
    faults.push({ kind: "lost", text });
  }
  return faults;
}

/** The result is one that was submitted: under the lease whose completion was acknowledged, where one was. */
function checkShown(task: FinalTask, completed: readonly Submit[]): Breach[] {
  const { task_id, status, result } = task;
  if (status !== "completed" && status !== "in_review") {
    return result === undefined ? [] : [{ kind: "untrue", text: `${task_id} shows a result` }];
  }
  const accepted = completed.filter(isAccepted);
  const possible = accepted.length > 0 ? completed.filter(isUnder(accepted)) : completed;
  const shown = JSON.stringify(result);
  if (possible.some((submit) => submit.result === shown)) return [];
  return [{ kind: "untrue", text: `${task_id} shows ${shown}, which is not what was accepted` }];
}

function isUnder(accepted: readonly Submit[]): (submit: Submit) => boolean {
  const leases = new Set(accepted.map(({ lease }) => lease));
  return ({ lease }) => leases.has(lease);
}

/** What the server said that it kept is there, unless three later ones pushed it out. */
function checkKept(task: FinalTask, completed: readonly Submit[]): Breach[] {
  const { task_id, late_results = [] } = task;
  const texts = new Set(completed.map(({ attempt, result }) => `${attempt} ${result}`));
  const invented = late_results
    .filter(({ attempt, result }) => !texts.has(`${attempt} ${JSON.stringify(result)}`))
    .map(({ attempt }) => ({
      kind: "untrue" as const,
      text: `${task_id} keeps a result of attempt ${attempt} that nobody sent`,
    }));
  const kept = new Set(late_results.map(({ attempt }) => attempt));
  const lost = completed
    .filter((submit) => submit.kept && !kept.has(submit.attempt) && kept.size < LATE_KEPT)
    .map(({ lease }) => ({
      kind: "lost" as const,
      text: `the result of ${lease} was said to be kept and is gone`,
    }));
  return [...invented, ...lost];
}

const LATE_KEPT = 3;

/** Whoever looks after a completion was acknowledged sees it. */
function checkLooks(
  { task_id }: FinalTask,
  {
    completed,
    looks,
    skew_ms,
  }: { completed: readonly Submit[]; looks: readonly SeenCall[]; skew_ms: number },
): Breach[] {
  const since = Math.min(...completed.filter(isAccepted).map(({ ended }) => ended));
  return looks.flatMap(({ client, began, outcome }) => {
    if (!("said" in outcome) || began <= since + skew_ms) return [];
    if (outcome.said["status"] === "completed") return [];
    const status = String(outcome.said["status"]);
    return [{ kind: "untrue", text: `${client} saw ${task_id} ${status} after it was completed` }];
  });
}
