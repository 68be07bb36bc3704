/** How tasks are created in one call, and what is asked for of each. */
import type * as z from "zod";
import type { TaskOptions } from "../domain/options.ts";
import type { DependencyRecord, TaskRecord } from "../domain/task.ts";
import type { Said } from "./codec.ts";
import { createReply, rehearseReply } from "./replies.ts";
import type { HeldLease } from "./held-lease.ts";
import type { Keys } from "./keys.ts";
import type { Runner } from "./runner.ts";
import { SCRIPTS } from "./scripts.ts";

/** A dependency as asked for: `number` counts the tasks of the same call from 1, `task_id` names an existing one. */
export type WantedDependency = Pick<DependencyRecord, "key"> &
  ({ readonly number: number } | { readonly task_id: string });

export type NewTask = Pick<TaskRecord, "title" | "agent_type" | "priority" | "payload_bytes"> &
  Partial<
    Pick<
      TaskRecord,
      | "requires"
      | "assignee"
      | "start_at"
      | "start_within_seconds"
      | "deadline"
      | "retry"
      | "locks"
      | "concurrency_key"
      | "concurrency_limit"
      | "lease_seconds"
      | "max_run_seconds"
      | "trigger_rule"
      | "payload_blob"
      | "idempotency_key"
      | "has_schema"
    >
  > & {
    readonly dependencies?: readonly WantedDependency[];
    /** As asked for: what is missing is worked out from what its parent has left. */
    readonly delegation?: NonNullable<TaskOptions["delegation"]>;
    /** The script finds the lane. */
    readonly review?: Omit<NonNullable<TaskRecord["review"]>, "lane">;
  };

/** JSON text that lies beside the record of a new task: the schema that its result has to fit, or what reviewers go by. */
export interface TextBeside {
  /** Of the task within its call, from 1. */
  readonly number: number;
  readonly name: "schema" | "criteria";
  readonly text: string;
}

export interface Creation {
  readonly operation_id: string;
  readonly created_by: string;
  /** The tasks become children of the lease's task, in the run of which they are created. */
  readonly lease?: HeldLease;
  readonly run_id?: string;
  readonly name?: string;
  /** The schedule that makes this run. */
  readonly schedule?: string;
  readonly tasks: readonly NewTask[];
  /** JSON text of each task's description and context. */
  readonly payloads: readonly string[];
  readonly texts: readonly TextBeside[];
  /** Numbers of the tasks, from 1, in an order in which dependencies come before their dependents. */
  readonly sequence: readonly number[];
  /** Existing tasks that are depended on. */
  readonly upstream: readonly string[];
  readonly agent_types: readonly string[];
  readonly idempotency_key?: string;
  readonly fingerprint?: string;
}

export interface CreationStore {
  create(creation: Creation): Promise<Said<z.infer<typeof createReply>>>;
  /** Whether the same creation would be refused: writes nothing. */
  rehearse(
    creation: Omit<Creation, "payloads" | "texts" | "idempotency_key">,
  ): Promise<Said<z.infer<typeof rehearseReply>>>;
}

export function creationOf({ run, keys }: Runner): CreationStore {
  return {
    create: ({ operation_id, payloads, ...request }) =>
      run({
        script: SCRIPTS.create,
        reply: createReply,
        request,
        keys: [keys.operation(operation_id), ...payloadBlobs(keys, request.tasks)],
        texts: payloads,
      }),
    rehearse: ({ operation_id, ...request }) =>
      run({
        script: SCRIPTS.create,
        reply: rehearseReply,
        request: { ...request, dry_run: true },
        keys: [keys.operation(operation_id)],
      }),
  };
}

/** Where those descriptions lie that are too large for a shard, in the order of their tasks. */
export function payloadBlobs(keys: Keys, tasks: readonly NewTask[]): string[] {
  return tasks.flatMap(({ payload_blob }) =>
    payload_blob === undefined ? [] : [keys.blob(payload_blob)],
  );
}
