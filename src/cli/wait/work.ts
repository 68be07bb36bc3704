/** One look for a task that an agent could claim. */
import * as z from "zod";
import type { Api } from "../api.ts";

/** Who would claim it. */
export interface Wanted {
  readonly agent_type: string;
  readonly capabilities: readonly string[];
  /** Without it, tasks that are assigned to somebody are not meant. */
  readonly agent_id?: string;
}

/** `held`: there is work, and for a while nobody may have it. */
export type Found =
  | { readonly kind: "ready"; readonly task_id: string }
  | { readonly kind: "held" | "nothing" }
  | { readonly kind: "refused"; readonly message: string };

const page = z.object({
  tasks: z.array(
    z.object({
      task_id: z.string(),
      requires: z.array(z.string()).default([]),
      assignee: z.string().optional(),
      not_by: z.string().optional(),
    }),
  ),
  cursor: z.string().optional(),
});

type ReadyTask = z.infer<typeof page>["tasks"][number];

/** Of many that are held back, the others are for the same reason. */
const ASKED_PER_LOOK = 5;

export async function lookForWork(
  api: Api,
  {
    run_id,
    signal,
    ...wanted
  }: Wanted & { readonly run_id: string | undefined; readonly signal: AbortSignal },
): Promise<Found> {
  const { agent_type } = wanted;
  const options = { tries: 3, signal };
  let asked = 0;
  let cursor: string | undefined;
  do {
    const args = {
      status: "ready",
      agent_type,
      ...(run_id !== undefined && { run_id }),
      ...(cursor !== undefined && { cursor }),
    };
    const reply = await api.call("list_tasks", args, options);
    if (!reply.ok) return { kind: "refused", message: reply.refusal.message };
    const { tasks, cursor: next } = page.parse(reply.value);
    for (const { task_id } of tasks.filter((task) => isFor(task, wanted))) {
      if (await isFree(api, task_id, { agent_type, signal })) return { kind: "ready", task_id };
      asked++;
      if (asked >= ASKED_PER_LOOK) return { kind: "held" };
    }
    cursor = next;
  } while (cursor !== undefined);
  return { kind: asked > 0 ? "held" : "nothing" };
}

function isFor({ requires, assignee, not_by }: ReadyTask, wanted: Wanted): boolean {
  return (
    requires.every((capability) => wanted.capabilities.includes(capability)) &&
    (assignee === undefined || assignee === wanted.agent_id) &&
    (not_by === undefined || not_by !== wanted.agent_id)
  );
}

const status = z.object({ status: z.string(), cause: z.string().optional() });

const agents = z.object({
  breakers: z
    .array(
      z.object({
        of: z.string(),
        state: z.string(),
        forced: z.unknown(),
        probe: z.string().optional(),
        seconds_left: z.number().optional(),
      }),
    )
    .default([]),
});

/** An open breaker, or somebody who goes first for a moment, makes a poll come back empty. */
async function isFree(
  api: Api,
  task_id: string,
  { agent_type, signal }: { agent_type: string; signal: AbortSignal },
): Promise<boolean> {
  const options = { tries: 3, signal };
  const why = await api.call("get_task_status", { task_id, detail: "why" }, options);
  const { cause, ...task } = status.parse(why.ok ? why.value : { status: "gone" });
  if (task.status !== "ready") return false;
  if (cause !== "breaker") return cause === "agent" || cause === "no_agent";
  const listed = await api.call("list_agents", {}, options);
  const { breakers } = agents.parse(listed.ok ? listed.value : {});
  // Once its pause is over, a breaker waits for somebody who comes and probes.
  return breakers
    .filter(({ of, state }) => of === `type:${agent_type}` && state !== "closed")
    .every(
      ({ forced, probe, seconds_left = 0 }) => !forced && probe === undefined && seconds_left === 0,
    );
}
