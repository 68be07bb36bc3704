/** The model of what an orchestrator or a person does to tasks. */
import * as z from "zod";
import { LIMITS } from "../../../src/domain/limits.ts";
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import { PRIORITY_STEP_MS } from "../../../src/domain/order.ts";
import { type TaskRecord, taskRecord } from "../../../src/domain/task.ts";
import { type Control, type Identified } from "../../../src/store/steering.ts";
import { type CancelRun } from "../../../src/store/store.ts";
import { cancelBatch, cancelTask } from "../cancel.ts";
import { dependenciesNow, followAnew, listen, verdictOf } from "../edges.ts";
import {
  beingCancelled,
  endTask,
  makeReady,
  may,
  move,
  reopenTask,
  stopActivating,
  voidLease,
} from "../lifecycle.ts";
import { judgeAnew } from "../locks.ts";
import { refused, type Reply, said } from "../reply.ts";
import { forgetResult, requestReview } from "../reviews.ts";
import { sweep } from "../sweep.ts";
import { answer, sendMessage } from "../talk.ts";
import { deadGroup, deadLetters, memberOf, type World, keptFor, runOf } from "../world.ts";

interface Subject {
  readonly world: World;
  readonly task: TaskRecord;
}

export function control(world: World, call: Control): Reply {
  const before = carriedOut(world, call);
  if (before) return before;
  const changed: string[] = [];
  const refused: { task_id: string; reason: string }[] = [];
  const workOn = (ids: readonly string[]): void => {
    const isOpen = (id: string): boolean => !isTerminal(world.tasks.get(id)?.status ?? "cancelled");
    const open = new Set(ids.filter(isOpen));
    for (const task_id of ids) {
      const task = world.tasks.get(task_id);
      const reason = task ? apply({ world, task }, call) : "there is no such task";
      const along = call.action === "cancel" && open.has(task_id) && task?.status === "cancelled";
      if (reason === undefined || along) changed.push(task_id);
      else if (call.task_ids || refused.length < call.limit) refused.push({ task_id, reason });
    }
  };
  let more = false;
  if (call.error_code === undefined) workOn(call.task_ids ?? []);
  else {
    const letters = lettersWith(world, call);
    for (let page = 0; page < LIMITS.control_pages && changed.length === 0; page++) {
      const ids = letters.slice(page * call.limit, (page + 1) * call.limit);
      workOn(ids);
      more = ids.length === call.limit;
      if (!more) break;
    }
  }
  const reply = { changed, refused, more };
  if (changed.length > 0) remember(world, call, reply);
  sweep(world);
  return said(reply);
}

export function cancelRun(world: World, call: CancelRun): Reply {
  const run = world.runs.get(call.run_id);
  if (!run) return refused({ refused: "not_found" });
  const before = carriedOut(world, call);
  if (before) return before;
  if (run.status !== "active") {
    sweep(world);
    return said({ changed: [], more: false });
  }
  run.cancelled = true;
  stopActivating(world, run);
  run.cancel_from ??= run.tasks;
  const budget = { edges: LIMITS.control_tasks + LIMITS.edges_per_call };
  const tasks = cancelBatch({ world, run, count: LIMITS.control_tasks }, budget);
  const changed = tasks.map(({ task_id }) => task_id);
  const reply = { changed, more: run.cancel_from !== undefined };
  remember(world, call, reply);
  sweep(world);
  return said(reply);
}

function carriedOut(
  { operations }: World,
  { operation_id, fingerprint = "" }: Identified,
): Reply | undefined {
  const before = operations.get(operation_id);
  if (!before) return undefined;
  return before.fingerprint === fingerprint
    ? said(before.reply)
    : refused({ refused: "idempotency_conflict" });
}

function remember(
  { operations }: World,
  { operation_id, fingerprint = "" }: Identified,
  reply: unknown,
): void {
  operations.set(operation_id, { fingerprint, reply });
}

function lettersWith(world: World, { error_code = "" }: Control): string[] {
  const letters = new Set(deadLetters(world).filter((at) => at.startsWith(deadGroup(error_code))));
  return [...world.tasks.values()]
    .filter(({ task_id }) => letters.has(deadGroup(error_code) + memberOf(task_id)))
    .toSorted((a, b) => (memberOf(a.task_id) < memberOf(b.task_id) ? -1 : 1))
    .map(({ task_id }) => task_id);
}

/** Returns why not, where it is refused. */
function apply({ world, task }: Subject, call: Control): string | undefined {
  if (task.retiring) return "it is being removed after its retention";
  switch (call.action) {
    case "cancel":
      return cancel({ world, task });
    case "retry":
      return retry({ world, task }, call);
    case "discard":
      return discard({ world, task }, call);
    case "promote_late_result":
      return promote({ world, task }, call);
    case "answer":
      return answer({ world, task }, call.said ?? "");
    case "message":
      return sendMessage({ world, task }, call.said ?? "");
    case "set_priority":
      return setPriority({ world, task }, call.priority ?? task.priority);
  }
}

function cancel({ world, task }: Subject): string | undefined {
  if (!may(task, "cancel")) return `it is ${task.status} already`;
  cancelTask(world, task);
  return undefined;
}

function retry({ world, task }: Subject, { changes, text }: Control): string | undefined {
  if (task.reviews !== undefined) {
    return `it is a review: retry ${task.reviews}, which it reviewed`;
  }
  if (!may(task, "redrive")) return `only a failed task can be retried; it is ${task.status}`;
  if (beingCancelled(runOf(world, task))) {
    return "its run is being cancelled; retry it once that has ended";
  }
  const again = waitAgain({ world, task });
  if (typeof again === "string") return again;
  voidLease(world, task);
  reopenTask(world, task);
  move(world, task, again ? "redrive_to_blocked" : "redrive");
  if (!again) world.facts.push(`task.ready ${task.task_id}`);
  delete task.failures;
  delete task.rate_limits;
  delete task.lost;
  delete task.error;
  delete task.error_code;
  delete task.discarded_at;
  delete task.note;
  delete task.avoid;
  delete task.prefer;
  delete task.start_at;
  delete task.order;
  delete task.round;
  Object.assign(task, taskRecord.partial().parse(changes?.fields ?? {}));
  if (changes?.payload) {
    if (changes.payload_bytes !== undefined) task.payload_bytes = changes.payload_bytes;
    world.texts.set(`${task.task_id}:payload`, text);
  }
  forgetPastDeadline(world, task);
  if (again) listen(world, task);
  else makeReady(world, task);
  followAnew(world, task);
  return undefined;
}

/** Whether it still waits for its dependencies, as they are now; or why it cannot begin any more. */
function waitAgain({ world, task }: Subject): boolean | string {
  if (verdictOf(task).verdict === "run") return false;
  const { dependencies = [] } = task;
  const gone = dependencies.find(
    ({ task_id, ended }) => !world.tasks.has(task_id) && ended !== "completed",
  );
  if (gone) {
    return `it depends on ${gone.task_id}, which was removed after its retention: create it again`;
  }
  const anew = dependenciesNow(world, dependencies);
  const { verdict, because } = verdictOf({ ...task, dependencies: anew });
  if (verdict === "skip") {
    const status = because === undefined ? undefined : world.tasks.get(because)?.status;
    if (status === undefined) {
      return "its trigger rule is one_failed, and none of its dependencies failed: it has nothing to do";
    }
    return status === "cancelled"
      ? `it depends on ${because}, which was cancelled: create it again without that dependency`
      : `it depends on ${because}, which is ${status}: have that one done first`;
  }
  task.dependencies = anew;
  task.open_dependencies = anew.filter(({ ended }) => !ended).length;
  return verdict === "wait";
}

function discard({ world, task }: Subject, { note }: Control): string | undefined {
  if (task.status !== "failed") return `only a failed task can be discarded; it is ${task.status}`;
  if (task.discarded_at !== undefined) return "it was discarded already";
  task.discarded_at = world.now;
  world.removals.set(task.task_id, (task.ended_at ?? 0) + keptFor(task));
  if (note !== undefined) task.note = note;
  world.facts.push(`task.discarded ${task.task_id}`);
  return undefined;
}

function promote({ world, task }: Subject, { late: found }: Control): string | undefined {
  if (task.reviews !== undefined) return "it is a review: its verdict counts only under its lease";
  const attempt = task.late_results?.at(-1);
  if (attempt === undefined) return "it has no late result";
  const name = task.review ? "promote_to_review" : "promote";
  if (!may(task, name)) return `it is ${task.status} already`;
  if (task.review && beingCancelled(runOf(world, task))) {
    return "its run is being cancelled; promote it once that has ended";
  }
  if (task.has_schema && found?.fit[task.task_id] !== attempt) {
    return found?.unfit[task.task_id] ?? "a further late result has come just now; promote again";
  }
  const open = task.open_children ?? 0;
  if (open > 0) return `it has open children (${open}): let them end, or cancel them first`;
  const run = runOf(world, task);
  const { cancelled } = run;
  if (isTerminal(task.status)) reopenTask(world, task);
  move(world, task, name);
  voidLease(world, task);
  delete task.error;
  delete task.error_code;
  delete task.discarded_at;
  delete task.note;
  task.promoted = attempt;
  const late = world.texts.get(`${task.task_id}:late:${attempt}`) ?? "";
  const result = late.slice(late.indexOf(`,"result":`) + 10, -1);
  forgetResult({ world, task });
  task.result_bytes = Buffer.byteLength(result);
  world.texts.set(`${task.task_id}:result`, result);
  if (task.review) {
    forgetPastDeadline(world, task);
    delete task.round;
    delete task.progress;
    delete task.lost;
    const { agent_id } = z.looseObject({ agent_id: z.string() }).parse(JSON.parse(late));
    requestReview({ world, task }, agent_id);
  } else {
    world.facts.push(`task.completed ${task.task_id}`);
    if (cancelled) run.cancelled = true;
    endTask(world, task);
  }
  followAnew(world, task);
  return undefined;
}

function forgetPastDeadline(world: World, task: TaskRecord): void {
  if (task.deadline !== undefined && task.deadline <= world.now) delete task.deadline;
}

function setPriority({ world, task }: Subject, priority: number): string | undefined {
  if (isTerminal(task.status)) return `it is ${task.status} already`;
  judgeAnew({ world, task });
  if (task.order !== undefined) task.order += (priority - task.priority) * PRIORITY_STEP_MS;
  task.priority = priority;
  return undefined;
}
