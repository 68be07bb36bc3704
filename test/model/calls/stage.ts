/** The model of staging a workflow in batches, and of launching it. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type StagingRecord } from "../../../src/domain/staging.ts";
import { type TaskRecord } from "../../../src/domain/task.ts";
import { type Launch, type StageBatch } from "../../../src/store/staging.ts";
import { activateBatch } from "../activation.ts";
import { verdictOf } from "../edges.ts";
import { refused, type Reply, said } from "../reply.ts";
import { sweep } from "../sweep.ts";
import { type Staging, type World } from "../world.ts";
import {
  begunRecord,
  dependsOnReview,
  edgeTo,
  haveRoom,
  laneOf,
  missingTasks,
  newRun,
} from "../making.ts";

export function stage(world: World, call: StageBatch): Reply {
  const { idempotency_key, fingerprint = "", operation_id } = call;
  const same = idempotency_key === undefined ? undefined : world.idempotency.get(idempotency_key);
  if (same && same.fingerprint !== fingerprint) return refused({ refused: "idempotency_conflict" });
  if (same?.reply !== undefined) return said({ done: same.reply });
  const run_id = call.run_id ?? same?.run_id ?? operationOf(world, operation_id);
  const begun = run_id === undefined ? undefined : world.stagings.get(run_id);
  if (run_id !== undefined && world.runs.has(run_id)) return said({ run_id });
  const going = begun?.record.abandoned ? undefined : begun;
  if (call.run_id !== undefined && !going) return refused({ refused: "not_found" });
  const ids = missingTasks(world, call.upstream);
  if (ids.length > 0) return refused({ refused: "not_found", ids });
  const onReview = dependsOnReview(world, call);
  if (onReview) return refused(onReview);
  if (!haveRoom(world, call.lanes)) {
    return refused({ refused: "limit", limit: LIMITS.lanes, what: "lanes" });
  }
  for (const lane of call.lanes) laneOf(world, lane, 0);
  const staging = going ?? begin(world, call);
  keepTasks({ world, staging }, call);
  staging.at = world.now + LIMITS.staging_kept_ms;
  sweep(world);
  return said({ run_id: staging.record.run_id });
}

/** The run that the first batch of the same request began. */
function operationOf(world: World, operation_id: string): string | undefined {
  const reply = world.operations.get(operation_id)?.reply;
  return typeof reply === "string" ? reply : undefined;
}

function begin(world: World, call: StageBatch): Staging {
  const { idempotency_key, fingerprint, name, created_by, total } = call;
  world.runSeq += 1;
  const run_id = `r${world.runSeq}`;
  const record: StagingRecord = {
    run_id,
    ...(name !== undefined && { name }),
    created_by,
    agent_types: [],
    total,
    staged: 0,
    ready: 0,
    ...(idempotency_key !== undefined && { idempotency_key }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
  const staging = { record, tasks: new Map<string, TaskRecord>(), at: 0 };
  world.stagings.set(run_id, staging);
  world.operations.set(call.operation_id, { fingerprint: "", reply: run_id });
  if (idempotency_key !== undefined) {
    world.idempotency.set(idempotency_key, { fingerprint: fingerprint ?? "", run_id });
  }
  return staging;
}

/** Each once, however often its batch comes. */
function keepTasks(
  { world, staging: { record, tasks } }: { world: World; staging: Staging },
  call: StageBatch,
): void {
  const { run_id, idempotency_key } = record;
  call.tasks.forEach((asked, index) => {
    const task_id = `${run_id}t${call.first + index}`;
    if (tasks.has(task_id)) return;
    const dependencies = (asked.dependencies ?? []).map((dependency) =>
      "number" in dependency
        ? { key: dependency.key, task_id: `${run_id}t${dependency.number}` }
        : edgeTo(world.tasks.get(dependency.task_id), dependency.key),
    );
    const open = dependencies.filter((dependency) => !("ended" in dependency)).length;
    const task: TaskRecord = {
      ...begunRecord(world, { task: asked, task_id, created_by: call.created_by }),
      status: "blocked",
      staged: true,
      ...(dependencies.length > 0 && { dependencies, open_dependencies: open }),
      ...(task_id === `${run_id}t1` && idempotency_key !== undefined && { idempotency_key }),
    };
    tasks.set(task_id, task);
    world.texts.set(`${task_id}:payload`, call.payloads[index] ?? "");
    for (const { number, name, text } of call.texts) {
      if (number === index + 1) world.texts.set(`${task_id}:${name}`, text);
    }
    record.staged += 1;
    if (!record.agent_types.includes(task.agent_type)) record.agent_types.push(task.agent_type);
    const waits = verdictOf(task).verdict !== "run" || (task.start_at ?? 0) > world.now;
    record.ready += waits ? 0 : 1;
  });
}

function isOfRun(reply: unknown, run_id: string): boolean {
  return (
    typeof reply === "object" && reply !== null && "run_id" in reply && reply.run_id === run_id
  );
}

export function launch(
  world: World,
  { run_id, operation_id, idempotency_key: key }: Launch,
): Reply {
  const keyed = key === undefined ? undefined : world.idempotency.get(key);
  const before = keyed?.reply ?? world.operations.get(operation_id)?.reply;
  // A key whose staging was swept may have made something else since.
  if (isOfRun(before, run_id)) return said(before);
  const staging = world.stagings.get(run_id);
  const complete = staging && staging.record.staged === staging.record.total;
  if (!complete || staging.record.abandoned) return refused({ refused: "not_found" });
  const { total, ready, idempotency_key, fingerprint = "", ...made } = staging.record;
  const reply = { run_id, types: Object.fromEntries(world.types), tasks: total, ready };
  world.operations.set(operation_id, { fingerprint: "", reply });
  if (idempotency_key !== undefined) world.idempotency.set(idempotency_key, { fingerprint, reply });
  const run = newRun(world, made);
  world.facts.push(`run.created ${run_id}`);
  Object.assign(run, { tasks: total, open: total, agent_types: made.agent_types, activated: 0 });
  world.runs.set(run_id, run);
  for (const [task_id, task] of staging.tasks) world.tasks.set(task_id, task);
  world.stagings.delete(run_id);
  activateBatch({ world, run }, { edges: LIMITS.edges_per_call });
  sweep(world);
  return said(reply);
}
