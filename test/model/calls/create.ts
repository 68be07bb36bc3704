/** The model of creating tasks. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { isTerminal, type Status } from "../../../src/domain/lifecycle.ts";
import { type RunRecord, type TaskRecord } from "../../../src/domain/task.ts";
import { type Creation, type NewTask } from "../../../src/store/creation.ts";
import { alongWith } from "../along.ts";
import { listen, type Verdict, verdictOf } from "../edges.ts";
import { adopt, type Heritage, inherit } from "../delegation.ts";
import { beingCancelled, makeReady } from "../lifecycle.ts";
import {
  begunRecord,
  dependsOnReview,
  edgeTo,
  haveRoom,
  missingTasks,
  newRun,
  reviewersOf,
} from "../making.ts";
import { type Reply, said, refused } from "../reply.ts";
import { countEnd, noteChange } from "../runs.ts";
import { sweep } from "../sweep.ts";
import { keptFor, type World } from "../world.ts";

export function create(world: World, call: Creation): Reply {
  const { idempotency_key, fingerprint = "", operation_id } = call;
  const same = idempotency_key === undefined ? undefined : world.idempotency.get(idempotency_key);
  if (same && same.fingerprint !== fingerprint) return refused({ refused: "idempotency_conflict" });
  if (same) return said(Object.assign({}, same.reply, alongWith(world, call.lease)));
  const before = world.operations.get(operation_id);
  if (before) return said(before.reply);
  const heritage = call.lease && inherit(world, call, call.lease);
  if (heritage && "refused" in heritage) return refused(heritage.refused);
  const refusal =
    missing(world, call) ??
    dependsOnReview(world, call) ??
    cancelled(world, call) ??
    crowded(world, call);
  if (refusal) return refused(refusal);

  const fresh = call.run_id === undefined;
  const run = runFor(world, call);
  const tasks = build({ world, call, run, heritage });
  const reply = {
    run_id: run.run_id,
    types: Object.fromEntries(world.types),
    tasks: tasks.map(({ task_id, status }) => ({ task_id, status })),
  };
  const remembered = { fingerprint, reply };
  world.operations.set(operation_id, remembered);
  if (idempotency_key !== undefined) world.idempotency.set(idempotency_key, remembered);
  keep({ world, call, tasks });
  count({ world, run, tasks, fresh });
  if (heritage) adopt(world, heritage, tasks);
  const told = alongWith(world, call.lease);
  sweep(world);
  return said({ ...reply, ...told });
}

function missing(world: World, { upstream, run_id }: Creation): object | undefined {
  const ids = missingTasks(world, upstream);
  if (ids.length === 0 && run_id !== undefined && !world.runs.has(run_id)) ids.push(run_id);
  return ids.length > 0 ? { refused: "not_found", ids } : undefined;
}

function cancelled(world: World, { run_id }: Creation): object | undefined {
  const run = run_id === undefined ? undefined : world.runs.get(run_id);
  return run && beingCancelled(run) ? { refused: "cancelled", ids: [run.run_id] } : undefined;
}

function crowded(world: World, { run_id, tasks }: Creation): object | undefined {
  const run = run_id === undefined ? undefined : world.runs.get(run_id);
  if (run && run.tasks + tasks.length > LIMITS.tasks_per_run) {
    return { refused: "limit", limit: LIMITS.tasks_per_run, what: "tasks of a run" };
  }
  const lanes = tasks.flatMap((task) => [task, ...(task.review ? [reviewersOf(task.review)] : [])]);
  if (haveRoom(world, lanes)) return undefined;
  return { refused: "limit", limit: LIMITS.lanes, what: "lanes" };
}

function runFor(world: World, { run_id, name, schedule, created_by }: Creation): RunRecord {
  const existing = run_id === undefined ? undefined : world.runs.get(run_id);
  if (existing) return existing;
  world.runSeq += 1;
  const fresh_id = `r${world.runSeq}`;
  const run = newRun(world, {
    run_id: fresh_id,
    created_by,
    ...(name !== undefined && { name }),
    ...(schedule !== undefined && { schedule }),
  });
  world.runs.set(run.run_id, run);
  return run;
}

function build({
  world,
  call,
  run,
  heritage,
}: {
  world: World;
  call: Creation;
  run: RunRecord;
  heritage: Heritage | undefined;
}): TaskRecord[] {
  const made: TaskRecord[] = [];
  for (const number of call.sequence) {
    const wanted = call.tasks[number - 1];
    if (!wanted) throw new Error(`no task ${number} to create`);
    const dependencies = (wanted.dependencies ?? []).map((dependency) =>
      edgeTo(
        "number" in dependency ? made[dependency.number - 1] : world.tasks.get(dependency.task_id),
        dependency.key,
      ),
    );
    const open = dependencies.filter(({ ended }) => !ended).length;
    const judged = verdictOf({ ...wanted, dependencies });
    const task_id = `${run.run_id}t${run.tasks + number}`;
    made[number - 1] = {
      ...begunRecord(world, { task: wanted, task_id, created_by: call.created_by }),
      ...(heritage && {
        parent: heritage.parent,
        ancestors: heritage.ancestors,
        delegation: heritage.grants[number - 1],
      }),
      status: statusOf({ world, task: wanted, judged }),
      ...(judged.because !== undefined && { skipped_because: judged.because }),
      ...(dependencies.length > 0 && { dependencies, open_dependencies: open }),
      ...(number === 1 &&
        call.idempotency_key !== undefined && { idempotency_key: call.idempotency_key }),
    };
  }
  return made;
}

function statusOf({
  world,
  task: { start_at = 0 },
  judged: { verdict },
}: {
  world: World;
  task: NewTask;
  judged: Verdict;
}): Status {
  if (verdict === "skip") return "skipped";
  if (verdict === "wait") return "blocked";
  return start_at > world.now ? "scheduled" : "ready";
}

function keep({
  world,
  call,
  tasks,
}: {
  world: World;
  call: Creation;
  tasks: readonly TaskRecord[];
}): void {
  tasks.forEach((task, index) => {
    world.tasks.set(task.task_id, task);
    world.texts.set(`${task.task_id}:payload`, call.payloads[index] ?? "");
    world.facts.push(`task.created ${task.task_id}`);
  });
  for (const { number, name, text } of call.texts) {
    world.texts.set(`${tasks[number - 1]?.task_id}:${name}`, text);
  }
  for (const task of tasks) {
    if (task.status === "ready") {
      makeReady(world, task);
      world.facts.push(`task.ready ${task.task_id}`);
    } else if (task.status === "skipped") {
      task.ended_at = world.now;
      world.removals.set(task.task_id, world.now + keptFor(task));
      world.facts.push(`task.skipped ${task.task_id}`);
    }
    listen(world, task);
  }
}

function count({
  world,
  run,
  tasks,
  fresh,
}: {
  world: World;
  run: RunRecord;
  tasks: readonly TaskRecord[];
  fresh: boolean;
}): void {
  run.tasks += tasks.length;
  run.open += tasks.length;
  for (const task of tasks) {
    if (!run.agent_types.includes(task.agent_type)) run.agent_types.push(task.agent_type);
    if (!isTerminal(task.status)) continue;
    countEnd(run, task, 1);
    noteChange(world, task, task.status);
  }
  if (fresh) world.facts.push(`run.created ${run.run_id}`);
  if (run.status !== "active" && run.open > 0) {
    run.status = "active";
    delete run.ended_at;
    delete run.cancelled;
    world.facts.push(`run.reopened ${run.run_id}`);
  } else if (run.status === "active" && run.open === 0) {
    // Nothing but tasks that were skipped from the start.
    run.status = "completed";
    run.ended_at = world.now;
    world.facts.push(`run.completed ${run.run_id}`);
  }
}
