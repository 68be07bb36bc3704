/** What a caller reads whose tasks were not created. */
import { LIMITS } from "../domain/limits.ts";
import { refuse, type Result } from "../domain/refusal.ts";
import type { RefusedReply } from "../store/codec.ts";
import type { HeldLease } from "../store/held-lease.ts";
import type { CreateInput } from "./create-tasks.ts";
import { leaseRefusal } from "./lease-refusal.ts";
import { keyUsedOtherwise } from "./key-used-otherwise.ts";

export interface RefusedCreation {
  readonly input: CreateInput;
  /** The lease under which the tasks were to be created. */
  readonly lease: HeldLease | undefined;
}

export function creationRefusal(
  refused: RefusedReply,
  { input, lease }: RefusedCreation,
): Result<never> {
  const ids = refused.ids?.join(", ");
  switch (refused.refused) {
    case "not_found":
      if (ids === undefined) {
        return refuse(
          "unavailable",
          "Nothing was created: it took so long that what was begun has been removed. Send the same call again.",
        );
      }
      return refuse(
        "not_found",
        `Nothing was created: no ${ids} here (unknown, or removed after its retention).`,
        { ids: refused.ids },
      );
    case "cancelled":
      if (lease && ids === undefined) return leaseRefusal(refused, lease);
      return refuse(
        "cancelled",
        `Nothing was created: ${ids} is being cancelled. Start a new run, or add to it once it has ended.`,
      );
    case "idempotency_conflict":
      return keyUsedOtherwise({ tasks: input.tasks.length });
    case "limit":
      return refuse(
        "limit",
        refused.what === "lanes"
          ? `Nothing was created: a project has at most ${LIMITS.lanes} combinations of agent_type, requires and assignee; reuse one.`
          : `Nothing was created: a run has at most ${LIMITS.tasks_per_run} tasks; start a new run.`,
        { limit: refused.limit },
      );
    case "graph":
      if (refused.what === "path") return waitsForItself(refused.ids ?? []);
      return refuse(
        "graph",
        `Nothing was created: ${ids} cannot complete before its own children, so that none of them may depend on it.`,
        { faults: refused.ids },
      );
    case "on_review":
      return refuse(
        "graph",
        `Nothing was created: ${refused.ids?.[0]} is a review, and nothing can depend on one; depend on ${refused.ids?.[1]}, which it reviews.`,
        { ids: refused.ids?.slice(0, 1) },
      );
    case "delegation":
      return delegationRefusal(refused, input);
    default:
      if (!lease) throw new Error(`unexpected refusal of a creation: ${refused.refused}`);
      return leaseRefusal(refused, lease);
  }
}

/** The path leads from a task that was to be depended on to one above the new tasks. */
function waitsForItself(path: readonly string[]): Result<never> {
  const steps = path.slice(1).map((task_id, index) => `${path[index]} waits for ${task_id}`);
  return refuse(
    "graph",
    `Nothing was created: ${steps.join(", ")}, and ${path.at(-1)} cannot complete before its own children, so that none of them may wait for it.`,
    { faults: [[...path, path[0]].join(" → ")] },
  );
}

/** With the numbers, and with what to do instead. The lease is as good as before. */
function delegationRefusal(
  { what, ids, limit, left, number, names, allowed }: RefusedReply,
  { tasks }: CreateInput,
): Result<never> {
  const one = number === undefined || tasks.length === 1 ? undefined : tasks[number - 1]?.key;
  const asking = one === undefined ? "options.delegation" : `${one}.options.delegation`;
  switch (what) {
    case "depth":
      return refuse(
        "limit",
        `Nothing was created: ${ids?.[0]} may not delegate any further (delegation.max_depth). Do the work yourself.`,
        { max_depth: 0 },
      );
    case "tasks":
      return refuse(
        "limit",
        `Nothing was created: of the ${limit} tasks that may be below ${ids?.[0]} (delegation.max_tasks), ${left} ${left === 1 ? "is" : "are"} left; ${tasks.length} ${tasks.length === 1 ? "was" : "were"} asked for. Create fewer, or do the work yourself.`,
        { max_tasks: limit, left },
      );
    case "agent_types":
      return refuse(
        "limit",
        `Nothing was created: ${one === undefined && number === undefined ? "this task" : asking} may not delegate to ${names?.join(", ")}; allowed: ${allowed?.join(", ")}.`,
        { agent_types: allowed },
      );
    default:
      return refuse(
        "limit",
        `Nothing was created: ${asking}.${what} may be at most ${limit} here: a child gets no more than its parent has left. Ask for less, or leave it out.`,
        { [what ?? "limit"]: limit },
      );
  }
}
