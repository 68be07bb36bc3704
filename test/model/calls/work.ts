/** The model of what a worker does with its lease: heartbeat and submit. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../../src/domain/task.ts";
import { type HeldLease } from "../../../src/store/held-lease.ts";
import { type Notice } from "../../../src/store/codec.ts";
import { type Submission } from "../../../src/store/store.ts";
import { noteOutcome, noteResult, returnProbe } from "../breakers.ts";
import { cancelTask } from "../cancel.ts";
import { resumeParent } from "../children.ts";
import { followAnew } from "../edges.ts";
import { followFailure } from "../failures.ts";
import { pastAttempt, refusal, renewBy, worthOf } from "../leases.ts";
import { closeAttempt, endTask, isDoomed, leaseOf, makeReady, move } from "../lifecycle.ts";
import { refused, type Reply, said, withNotices } from "../reply.ts";
import { forgetResult, giveVerdict, requestReview } from "../reviews.ts";
import { addUsage, noteChange } from "../runs.ts";
import { sweep } from "../sweep.ts";
import { isUnawareOf, tellHolder, tellStops } from "../talk.ts";
import { type World } from "../world.ts";
import { meet, serve } from "./poll.ts";

export interface Beat {
  readonly lease: HeldLease;
  readonly progress?: number;
  readonly message?: string;
}

export function heartbeat(world: World, { lease, progress, message }: Beat): Reply {
  const worth = renewBy(world, lease);
  const task = world.tasks.get(lease.task_id);
  if (worth.kind !== "live" || !task) return refusal({ world, lease }, worth);
  const news =
    (progress !== undefined && progress !== task.progress) ||
    (message !== undefined && message !== task.message);
  if (progress !== undefined) task.progress = progress;
  if (message !== undefined) task.message = message;
  if (news) world.facts.push(`task.progress ${task.task_id}`);
  const { until_ms } = leaseOf(task);
  const told = [...tellHolder({ world, task }), ...tellOfOthers(world, task)];
  sweep(world);
  return said({ now: world.now, until_ms, ...withNotices(told) });
}

/** What has become of the other tasks that the agent held when it last polled. */
function tellOfOthers(world: World, task: TaskRecord): Notice[] {
  const { agent_id, key_id } = leaseOf(task);
  const known = world.agents.get(agent_id);
  const ids = known?.holds ?? [];
  if (!known || (ids.length < 2 && !known.stops)) return [];
  const agent = { ...known, key_id };
  const tasks = ids.flatMap((id) => world.tasks.get(id) ?? []);
  const isHeld = ({ lease }: TaskRecord): boolean =>
    lease?.ended === undefined && lease?.agent_id === agent_id && lease.key_id === key_id;
  for (const task of tasks) {
    if (isHeld(task) && isDoomed(world, task)) cancelTask(world, task);
  }
  const holds = tasks.filter(isHeld);
  const lost = tasks.filter((task) => !isHeld(task) && isUnawareOf(task, agent));
  const told = tellStops({ world, agent }, { lost, holds });
  if (lost.length > 0) {
    delete known.holds;
    if (holds.length > 0) known.holds = holds.map(({ task_id }) => task_id);
    delete known.stops;
    if (agent.stops) known.stops = agent.stops;
  }
  return told;
}

export function submit(world: World, call: Submission): Reply {
  const { lease, submit, agent } = call;
  const worth = worthOf(world, lease);
  const task = world.tasks.get(lease.task_id);
  if (task && worth.kind === "cancelled" && !isTerminal(task.status)) cancelTask(world, task);
  if (!task || worth.kind === "unknown") return refusal({ world, lease }, worth);
  if (worth.kind !== "live" && worth.kind !== "late" && worth.kind !== "submitted") {
    if (submit.status !== "completed") return refusal({ world, lease }, worth);
    keepLate({ world, task }, call);
    const { status, attempt } = task;
    return refused({ refused: worth.kind, status, attempt, kept: true });
  }
  const unfit = worth.kind === "submitted" ? undefined : unfitness(world, task, submit.status);
  if (unfit) {
    const held = renewBy(world, lease).kind === "live";
    const told = held ? tellHolder({ world, task }) : [];
    sweep(world);
    return refused({ ...unfit, held, ...withNotices(told) });
  }
  const check = worth.kind === "submitted" ? undefined : checkFirst({ world, task }, call);
  if (check) return said({ check });
  // The first outcome stands, but no finished work is thrown away.
  const kept =
    worth.kind === "submitted" &&
    submit.status === "completed" &&
    pastAttempt(task, lease)?.outcome !== "completed";
  if (kept) keepLate({ world, task }, call);
  const reviewed = worth.kind === "submitted" ? undefined : end({ world, task }, call);
  const status = worth.kind === "submitted" ? worth.answer : task.status;
  const agent_id = (pastAttempt(task, lease) ?? leaseOf(task)).agent_id;
  const met =
    agent && meet({ world, asked: { ...agent, agent_id }, checks: [...(call.checks ?? [])] });
  const served = met && "agent" in met ? serve(met) : undefined;
  sweep(world);
  return said({
    now: world.now,
    status,
    ...(kept && { kept }),
    ...(reviewed && { reviewed }),
    ...served,
  });
}

/** No script decodes a result: whether it fits is for the caller to find out. */
function checkFirst(
  { world, task }: { world: World; task: TaskRecord },
  { submit }: Submission,
): object | undefined {
  if (submit.status !== "completed" || submit.checked) return undefined;
  if (task.reviews !== undefined) {
    return { threshold: world.tasks.get(task.reviews)?.review?.threshold };
  }
  const schema = task.has_schema ? world.texts.get(`${task.task_id}:schema`) : undefined;
  return schema === undefined ? undefined : { schema: JSON.parse(schema) as unknown };
}

/** Why the submit cannot be accepted as it is. */
function unfitness(
  world: World,
  { children, open_children = 0 }: TaskRecord,
  status: Submission["submit"]["status"],
): object | undefined {
  if (status === "waiting" && !children) return { refused: "no_children" };
  if (status !== "completed" || open_children === 0) return undefined;
  const ids = (children ?? []).filter((id) => {
    const child = world.tasks.get(id);
    return child && !child.alone && !isTerminal(child.status);
  });
  return { refused: "children_open", ids };
}

/** Returns what a verdict has made of the task that was reviewed. */
function end(
  { world, task }: { world: World; task: TaskRecord },
  call: Submission,
): Pick<TaskRecord, "task_id" | "status"> | undefined {
  const { status, passed = false } = call.submit;
  let reviewed: TaskRecord | undefined;
  if (status === "completed" && task.review) handIn({ world, task }, call);
  else if (status === "completed") {
    complete({ world, task }, call);
    reviewed = giveVerdict({ world, task }, { passed, text: call.result });
  } else if (status === "failed") fail({ world, task }, call);
  else if (status === "needs_input") ask({ world, task }, call);
  else if (status === "waiting") waitForChildren({ world, task }, call);
  else release({ world, task }, call);
  const attempt = task.attempts?.at(-1);
  if (attempt) attempt.answer = task.status;
  addUsage(world, task, call.submit.usage);
  return reviewed && { task_id: reviewed.task_id, status: reviewed.status };
}

function handIn(
  { world, task }: { world: World; task: TaskRecord },
  { submit, result }: Submission,
): void {
  const { agent_id, ended } = leaseOf(task);
  move(world, task, "review");
  if (ended === "timed_out") task.failures = (task.failures ?? 0) - 1;
  delete task.progress;
  delete task.lost;
  forgetResult({ world, task });
  task.result_bytes = submit.result_bytes;
  if (result !== "") world.texts.set(`${task.task_id}:result`, result);
  requestReview({ world, task }, agent_id);
  closeAttempt({ world, task }, "completed");
  noteOutcome({ world, task }, "good");
}

function complete(
  { world, task }: { world: World; task: TaskRecord },
  { submit, result }: Submission,
): void {
  move(world, task, "complete");
  world.facts.push(`task.completed ${task.task_id}`);
  noteResult(world, { agent_type: task.agent_type, agent_id: leaseOf(task).agent_id });
  task.result_bytes = submit.result_bytes;
  if (result !== "") world.texts.set(`${task.task_id}:result`, result);
  endTask(world, task);
  closeAttempt({ world, task }, "completed");
  noteOutcome({ world, task }, "good");
  followAnew(world, task);
}

function fail({ world, task }: { world: World; task: TaskRecord }, call: Submission): void {
  const { error, error_code = "", category = "agent_error", retry_after_ms = 0 } = call.submit;
  if (error !== undefined) task.error = error;
  // The attempt that ran too long has used up its share already.
  if (leaseOf(task).ended === "timed_out") task.failures = (task.failures ?? 0) - 1;
  delete task.progress;
  delete task.lost;
  keepNotes({ world, task }, call);
  closeAttempt({ world, task }, "failed");
  followFailure({ world, task }, { category, code: error_code, floor_ms: retry_after_ms });
}

function release({ world, task }: { world: World; task: TaskRecord }, call: Submission): void {
  move(world, task, "release");
  world.facts.push(`task.ready ${task.task_id}`);
  if (leaseOf(task).ended === "timed_out") task.failures = (task.failures ?? 0) - 1;
  delete task.progress;
  delete task.lost;
  task.avoid = { agent_id: leaseOf(task).agent_id, until_ms: world.now + LIMITS.avoid_ms };
  keepNotes({ world, task }, call);
  returnProbe(world, task);
  closeAttempt({ world, task }, "released");
  makeReady(world, task);
}

function ask({ world, task }: { world: World; task: TaskRecord }, call: Submission): void {
  suspend({ world, task }, { call, reason: "answer", outcome: "needs_input" });
  task.question = call.submit.question ?? "";
  noteChange(world, task, "question");
}

/** Until all children have ended: at once if they have. */
function waitForChildren(
  { world, task }: { world: World; task: TaskRecord },
  call: Submission,
): void {
  suspend({ world, task }, { call, reason: "children", outcome: "waiting" });
  if (task.open_children === 0) resumeParent(world, task);
}

/** Gives the lease back until what it waits for comes. */
function suspend(
  { world, task }: { world: World; task: TaskRecord },
  {
    call,
    reason,
    outcome,
  }: {
    call: Submission;
    reason: "children" | "answer";
    outcome: "waiting" | "needs_input";
  },
): void {
  if (leaseOf(task).ended === "timed_out") task.failures = (task.failures ?? 0) - 1;
  move(world, task, "suspend");
  world.facts.push(`task.suspended ${task.task_id}`);
  task.suspended_for = reason;
  delete task.progress;
  delete task.lost;
  keepNotes({ world, task }, call);
  returnProbe(world, task);
  closeAttempt({ world, task }, outcome);
}

function keepNotes(
  { world, task }: { world: World; task: TaskRecord },
  { result }: Submission,
): void {
  if (result === "") return;
  task.has_notes = true;
  world.texts.set(`${task.task_id}:notes`, result);
}

/** Finished work that came too late is kept beside the task, the last few only. */
function keepLate(
  { world, task }: { world: World; task: TaskRecord },
  { lease, result, submit: { usage } }: Submission,
): void {
  const { task_id, late_results = [] } = task;
  if (late_results.includes(lease.attempt)) return;
  noteChange(world, task, "late_result");
  addUsage(world, task, usage);
  world.facts.push(`task.late_result ${task_id}`);
  const agent_id = pastAttempt(task, lease)?.agent_id;
  const known = JSON.stringify({ attempt: lease.attempt, agent_id, at: world.now }).slice(0, -1);
  world.texts.set(
    `${task_id}:late:${lease.attempt}`,
    `${known},"result":${result === "" ? "null" : result}}`,
  );
  const all = [...late_results, lease.attempt];
  task.late_results = all.slice(-LIMITS.late_results_kept);
  for (const attempt of all.slice(0, -LIMITS.late_results_kept)) {
    world.texts.delete(`${task_id}:late:${attempt}`);
  }
}
