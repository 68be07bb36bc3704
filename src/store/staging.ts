/** Workflows that are too large for one script: staged in batches that nobody sees, then launched in one moment. */
import * as z from "zod";
import type { Said } from "./codec.ts";
import { type Creation, type NewTask, payloadBlobs } from "./creation.ts";
import type { Runner } from "./runner.ts";
import { SCRIPTS } from "./scripts.ts";

export interface StageBatch extends Omit<Creation, "run_id" | "sequence"> {
  /** Absent in the first batch, which takes the number of the run and all lanes. */
  readonly run_id?: string;
  /** Number of the batch's first task within the workflow. */
  readonly first: number;
  /** Tasks of the whole workflow. */
  readonly total: number;
  /** First batch: every lane of the workflow. */
  readonly lanes: readonly Pick<NewTask, "agent_type" | "requires" | "assignee">[];
}

export interface Launch {
  readonly operation_id: string;
  readonly run_id: string;
  readonly idempotency_key?: string;
}

export const launchReply = z.strictObject({
  run_id: z.string(),
  /** Agent types that somebody has polled for, with the time. */
  types: z.record(z.string(), z.number()),
  tasks: z.int(),
  /** Tasks that wait for nothing. */
  ready: z.int(),
});

export type Launched = z.infer<typeof launchReply>;

export const stageReply = z.union([
  z.strictObject({ run_id: z.string() }),
  /** The same was created before, under the same key. */
  z.strictObject({ done: launchReply }),
]);

export interface StagingStore {
  /** Stages a batch; each task once, however often it is sent. */
  stage(batch: StageBatch): Promise<Said<z.infer<typeof stageReply>>>;
  /** Makes all that was staged visible. */
  launch(launch: Launch): Promise<Said<z.infer<typeof launchReply>>>;
}

export function stagingOf({ run, keys }: Runner): StagingStore {
  return {
    stage: ({ operation_id, payloads, ...request }) =>
      run({
        script: SCRIPTS.stage,
        reply: stageReply,
        request,
        keys: [keys.operation(operation_id), ...payloadBlobs(keys, request.tasks)],
        texts: payloads,
      }),
    launch: ({ operation_id, ...request }) =>
      run({
        script: SCRIPTS.launch,
        reply: launchReply,
        request,
        keys: [keys.operation(operation_id)],
      }),
  };
}
