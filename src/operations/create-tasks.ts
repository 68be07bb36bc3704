/** Creates tasks in one run: what `create_task` and `create_workflow` share. */
import { LIMITS } from "../domain/limits.ts";
import { parseRunId, runOf } from "../domain/ids.ts";
import { nearest } from "../domain/nearest.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { Creation } from "../store/creation.ts";
import type { HeldLease } from "../store/held-lease.ts";
import { createStaged } from "./create-staged.ts";
import { creationRefusal } from "./creation-refusal.ts";
import { readLease } from "./lease-refusal.ts";
import { notFound } from "./not-found.ts";
import { sayNotices } from "./notices.ts";
import type { Call } from "./operation.ts";
import { planCreation } from "./plan-creation.ts";
import { fingerprint, randomName } from "./random-name.ts";

export interface TaskInput {
  readonly key: string;
  readonly agent_type: string;
  readonly task_description: string;
  readonly context?: unknown;
  readonly dependencies?: readonly string[] | undefined;
  readonly priority?: number | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

export interface CreateInput {
  readonly name?: string;
  /** The schedule that makes this run. */
  readonly schedule?: string;
  readonly run_id?: string;
  readonly lease?: string;
  readonly idempotency_key?: string;
  readonly tasks: readonly TaskInput[];
}

export interface Created {
  readonly run_id: string;
  /** The tasks, unless there are so many that they were staged. */
  readonly tasks: readonly { readonly task_id: string; readonly status: string }[];
  /** How many wait for nothing. */
  readonly ready: number;
  /** What the caller should know, such as that nobody serves an agent type. */
  readonly note?: string;
  /** For the holder of the lease. */
  readonly notices?: string[];
}

export async function createTasks(call: Call, input: CreateInput): Promise<Result<Created>> {
  const prepared = await prepare(call, input);
  if (!prepared.ok) return prepared;
  const { creation, lease, large } = prepared.value;
  const { store } = call.services;
  const reply = large ? await createStaged(call, creation) : await store.create(creation);
  if ("refused" in reply) return creationRefusal(reply.refused, { input, lease });
  const { run_id, types } = reply.said;
  const note = unserved(creation.agent_types, Object.keys(types));
  const made =
    "ready" in reply.said
      ? { tasks: [], ready: reply.said.ready }
      : {
          tasks: reply.said.tasks,
          ready: countReady(reply.said.tasks),
          ...sayNotices(reply.said.notices),
        };
  return ok({ run_id, ...made, ...(note && { note }) });
}

export interface Rehearsed {
  /** How many would wait for nothing. */
  readonly ready: number;
  /** Existing tasks that are depended on and have not ended. */
  readonly open: readonly string[];
  readonly note?: string;
}

/** Whether the same creation would be refused; nothing is written. */
export async function rehearseTasks(call: Call, input: CreateInput): Promise<Result<Rehearsed>> {
  const prepared = await prepare(call, input);
  if (!prepared.ok) return prepared;
  const { creation, lease } = prepared.value;
  const { idempotency_key: _, payloads: __, texts: ___, ...checked } = creation;
  const reply = await call.services.store.rehearse(checked);
  if ("refused" in reply) return creationRefusal(reply.refused, { input, lease });
  const { tasks, open, types } = reply.said;
  const note = unserved(creation.agent_types, Object.keys(types));
  return ok({ ready: countReady(tasks), open, ...(note && { note }) });
}

interface Prepared {
  readonly creation: Creation;
  readonly lease: HeldLease | undefined;
  /** Too large for one script. */
  readonly large: boolean;
}

async function prepare(call: Call, input: CreateInput): Promise<Result<Prepared>> {
  const { services, caller, operation_id } = call;
  const parent = parentOf(call, input);
  if (!parent.ok) return parent;
  const lease = parent.value;
  const planned = planCreation(input, { lease, blobName: () => randomName(services.random) });
  if (!planned.ok) return planned;
  const large = input.tasks.length > LIMITS.tasks_per_create;
  if (lease && large) {
    return refuse(
      "limit",
      `Nothing was created: under a lease at most ${LIMITS.tasks_per_create} tasks are created at once.`,
      { limit: LIMITS.tasks_per_create },
    );
  }
  const creation = {
    ...planned.value,
    operation_id,
    created_by: caller.key_id,
    ...(lease && { lease }),
    ...(input.idempotency_key !== undefined && {
      idempotency_key: input.idempotency_key,
      // A later attempt of the same parent that sends the same finds what the one before it created.
      fingerprint: await fingerprint({ ...input, ...(lease && { lease: lease.task_id }) }),
    }),
  };
  return ok({ creation, lease, large });
}

function countReady(tasks: Created["tasks"]): number {
  return tasks.filter(({ status }) => status === "ready").length;
}

/** Whether anything is wrong with it that can be seen without looking at what exists. */
export function checkCreation(input: CreateInput): Result<unknown> {
  return planCreation(input, { lease: undefined, blobName: () => "" });
}

/** The lease under which the tasks are created, if there is one; a worker needs one. */
function parentOf({ caller }: Call, input: CreateInput): Result<HeldLease | undefined> {
  if (input.run_id !== undefined && parseRunId(input.run_id) === undefined) {
    return notFound("run", input.run_id);
  }
  if (input.lease === undefined) {
    return caller.role === "worker"
      ? refuse(
          "role",
          "A worker creates children of its own task only: pass the lease of that task, from poll_tasks.",
        )
      : ok(undefined);
  }
  const lease = readLease(input.lease, caller);
  if (!lease.ok) return lease;
  const own = runOf(lease.value.task_id);
  if (input.run_id === undefined || input.run_id === own) return lease;
  return refuse(
    "invalid",
    `Children belong to the run of their parent (${own}), not to ${input.run_id}: leave run_id out.`,
  );
}

function unserved(types: readonly string[], served: readonly string[]): string | undefined {
  const notes = types
    .filter((type) => !served.includes(type))
    .map((type) => {
      const meant = nearest(type, served);
      return `Nobody has polled for ${type} yet${meant ? `; did you mean ${meant}?` : "."}`;
    });
  return notes.length > 0 ? notes.join(" ") : undefined;
}
