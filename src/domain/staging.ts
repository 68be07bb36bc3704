/** The record of a workflow that is being staged: it lies where its run will be, as long as that is not there. */
import * as z from "zod";

export const stagingRecord = z.strictObject({
  run_id: z.string(),
  name: z.string().optional(),
  schedule: z.string().optional(),
  created_by: z.string(),
  agent_types: z.array(z.string()),
  /** Tasks of the workflow, those that have been staged, and those of them that wait for nothing. */
  total: z.int(),
  staged: z.int(),
  ready: z.int(),
  idempotency_key: z.string().optional(),
  fingerprint: z.string().optional(),
  /** True once its removal has begun: nobody goes on with it any more. */
  abandoned: z.boolean().optional(),
});

export type StagingRecord = z.infer<typeof stagingRecord>;
