/** Waits until tasks end, or something needs the caller: an orchestrator's only call while others work. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { ok } from "../domain/refusal.ts";
import { ORCHESTRATORS } from "../domain/role.ts";
import { runId, taskId } from "./fields.ts";
import { notFound } from "./not-found.ts";
import { defineOperation } from "./operation.ts";
import { waitMs } from "./wait-cap.ts";
import type { Seen } from "./waiting/look.ts";
import { readTarget } from "./waiting/target.ts";
import { allEnded, tell } from "./waiting/tell.ts";
import { waitFor } from "./waiting/wait.ts";

export const waitForTasks = defineOperation({
  name: "wait_for_tasks",
  roles: ORCHESTRATORS,
  waits: true,
  input: z.strictObject({
    run_id: runId.optional(),
    task_ids: z.array(taskId).min(1).optional(),
    until: z.enum(["any", "all"]).optional(),
    wait_seconds: z.int().min(0).optional(),
    cursor: z.string().max(500).optional(),
  }),
  output: z.looseObject({
    run_id: z.string().optional(),
    status: z.string().optional(),
    completed: z.int(),
    running: z.int(),
    open: z.int(),
    ended: z.array(z.looseObject({ task_id: z.string(), status: z.string() })),
    needs_you: z
      .array(z.looseObject({ task_id: z.string(), why: z.string(), text: z.string() }))
      .optional(),
    more: z.string().optional(),
    cursor: z.string(),
    timed_out: z.boolean().optional(),
    next: z.string().optional(),
  }),
  run: async (call, { until = "all", wait_seconds, ...asked }) => {
    const read = readTarget(asked);
    if (!read.ok) return read;
    const { target, since } = read.value;
    const isEnough = (seen: Seen): boolean =>
      allEnded(seen, target) ||
      seen.needs.length > 0 ||
      (until === "any" && seen.ended.length + seen.missed > 0);
    const wait_ms = waitMs(call, { wait_seconds: wait_seconds ?? LIMITS.wait_for_tasks_default });
    const reply = await waitFor(call, { target, since, wait_ms, isEnough });
    if ("refused" in reply) {
      const [id = ""] = reply.refused.ids ?? [];
      return notFound(id.includes("t") ? "task" : "run", id);
    }
    const { said } = reply;
    return ok(tell(said, { target, timed_out: !isEnough(said) }));
  },
});
