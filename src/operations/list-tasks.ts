/** Finds tasks, newest runs first. */
import * as z from "zod";
import { parseRunId, parseTaskId } from "../domain/ids.ts";
import { STATUSES } from "../domain/lifecycle.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse } from "../domain/refusal.ts";
import { EVERYBODY } from "../domain/role.ts";
import type { Listing } from "../store/looks.ts";
import { awaitedChildren } from "./children.ts";
import { deadLetters } from "./dead-letters.ts";
import { agentType, runId } from "./fields.ts";
import { notFound } from "./not-found.ts";
import { defineOperation } from "./operation.ts";
import { fitting } from "./reply-budget.ts";
import { type TaskLine, taskLine } from "./task-line.ts";

const FILTERS = [...STATUSES, "dead_letter", "needs_input", "late_result"] as const;

/** Pages of records that one call looks through before it hands back a cursor. */
const LOOKS = 5;

export const listTasks = defineOperation({
  name: "list_tasks",
  roles: EVERYBODY,
  input: z.strictObject({
    run_id: runId.optional(),
    status: z.enum(FILTERS).optional(),
    agent_type: agentType.optional(),
    limit: z.int().min(1).max(LIMITS.list_cap).optional(),
    cursor: z.string().max(200).optional(),
  }),
  output: z.looseObject({
    tasks: z.array(z.looseObject({ task_id: z.string(), title: z.string(), status: z.string() })),
    groups: z.array(z.looseObject({ code: z.string(), count: z.int() })).optional(),
    cursor: z.string().optional(),
  }),
  run: async (
    { services: { store } },
    { run_id, status, agent_type, limit = LIMITS.list_default, cursor },
  ) => {
    const only = run_id === undefined ? undefined : parseRunId(run_id);
    if (run_id !== undefined && only === undefined) return notFound("run", run_id);
    if (status === "dead_letter" && only === undefined) {
      return deadLetters(store, { agent_type, limit, cursor });
    }
    const from = cursor === undefined ? undefined : parseTaskId(cursor);
    if (cursor !== undefined && (!from || (only !== undefined && from.run !== only))) {
      return refuse(
        "invalid",
        "cursor is none that list_tasks gave: send the last one as it is, or none.",
      );
    }
    const found: TaskLine[] = [];
    let place = from ?? (only === undefined ? undefined : { run: only, task: 1 });
    let next: string | undefined;
    for (let look = 0; look < LOOKS; look++) {
      const listing: Listing = {
        ...place,
        ...(only !== undefined && { only_run: only }),
        ...(agent_type !== undefined && { agent_type }),
        ...statusFilter(status),
        limit: limit - found.length,
      };
      const reply = await store.list(listing);
      if ("refused" in reply) throw new Error("a listing was refused");
      const { records, now } = reply.said;
      const awaited = await awaitedChildren(store, records);
      found.push(
        ...records.map((task) =>
          Object.assign(
            taskLine(task, { now, awaited }),
            // Long, and wanted only by whoever looks for questions.
            status === "needs_input" && { question: task.question },
            // Wanted only by whoever looks for work: who may have it.
            status === "ready" && {
              requires: task.requires,
              assignee: task.assignee,
              not_by: task.not_by,
            },
          ),
        ),
      );
      next = reply.said.next ?? undefined;
      place = next === undefined ? undefined : parseTaskId(next);
      if (!place || found.length >= limit) break;
    }
    const shown = fitting(found, LIMITS.reply_bytes);
    next = found[shown.length]?.task_id ?? next;
    return ok({ tasks: shown, ...(next !== undefined && { cursor: next }) });
  },
});

function statusFilter(
  status: (typeof FILTERS)[number] | undefined,
): Pick<Listing, "statuses" | "late_results" | "suspended_for"> {
  if (status === undefined) return { statuses: [] };
  if (status === "dead_letter") return { statuses: ["failed"] };
  if (status === "late_result") return { statuses: [], late_results: true };
  if (status === "needs_input") return { statuses: ["suspended"], suspended_for: "answer" };
  return { statuses: [status] };
}
