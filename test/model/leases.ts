/** What a lease is worth to the model, and how calls that carry one renew it. */
import { LIMITS } from "../../src/domain/limits.ts";
import { type AttemptRecord, type TaskRecord } from "../../src/domain/task.ts";
import { type HeldLease } from "../../src/store/held-lease.ts";
import { noteOutcome } from "./breakers.ts";
import { isDoomed, lastMoment, leaseOf, move } from "./lifecycle.ts";
import { blockingNode, stillCovered } from "./locks.ts";
import { type World } from "./world.ts";

export type Worth =
  | {
      readonly kind:
        | "unknown"
        | "live"
        | "late"
        | "lost"
        | "cancelled"
        | "instance_replaced"
        | "over"
        | "full";
    }
  | { readonly kind: "submitted"; readonly answer: AttemptRecord["answer"] };

export function pastAttempt(task: TaskRecord, lease: HeldLease): AttemptRecord | undefined {
  return task.attempts?.find(
    ({ attempt, check, key_id }) =>
      attempt === lease.attempt && check === lease.check && key_id === lease.key_id,
  );
}

export function worthOf(world: World, lease: HeldLease): Worth {
  const task = world.tasks.get(lease.task_id);
  if (!task?.lease || task.retiring) return { kind: "unknown" };
  const current = task.lease;
  if (task.attempt === lease.attempt) {
    if (current.check !== lease.check || current.key_id !== lease.key_id)
      return { kind: "unknown" };
    const ranOut = current.ended === "expired" || current.ended === "timed_out";
    const waits = task.status === "ready" || task.status === "scheduled";
    const late = ranOut && waits && stillCovered({ world, task });
    if (late || current.ended === undefined) {
      return { kind: isDoomed(world, task) ? "cancelled" : late ? "late" : "live" };
    }
  }
  const past = pastAttempt(task, lease);
  switch (past?.outcome) {
    case undefined:
      return { kind: "unknown" };
    case "voided":
      return { kind: task.status === "cancelled" ? "cancelled" : "lost" };
    case "replaced":
      return { kind: "instance_replaced" };
    case "expired":
    case "timed_out":
      return { kind: "lost" };
    default:
      return { kind: "submitted", answer: past?.answer };
  }
}

export function refusal(
  { world, lease }: { world: World; lease: HeldLease },
  worth: Worth,
): { refused: Record<string, unknown> } {
  const task = world.tasks.get(lease.task_id);
  return {
    refused: {
      refused: worth.kind,
      ...("answer" in worth && { answer: worth.answer }),
      ...(task && {
        status: worth.kind === "cancelled" ? worth.kind : task.status,
        attempt: task.attempt,
      }),
    },
  };
}

/** Extends a live lease: never shortens it, never past the longest time of an attempt. */
export function extend(world: World, task: TaskRecord): void {
  const lease = leaseOf(task);
  lease.until_ms = Math.max(lease.until_ms, termOf(world, task));
}

function termOf(world: World, task: TaskRecord): number {
  return Math.min(world.now + leaseOf(task).seconds * 1000, lastMoment(task));
}

/** Its worker has been heard of; a probe whose time to answer is over has thereby answered. */
export function showLife(world: World, task: TaskRecord): void {
  const lease = leaseOf(task);
  lease.alive = true;
  if (!lease.probe || world.now - lease.since < LIMITS.breaker_probe_seconds * 1000) return;
  delete lease.probe;
  noteOutcome({ world, task }, "neutral");
}

/** Takes the task back under the lease that ran out. */
function reclaim(world: World, task: TaskRecord): void {
  const lease = leaseOf(task);
  move(world, task, "reclaim");
  world.facts.push(`task.claimed ${task.task_id}`);
  delete lease.ended;
  delete lease.probe;
  lease.alive = true;
  lease.until_ms = termOf(world, task);
  delete task.lost;
  const earlier = (task.attempts ?? []).filter(({ attempt }) => attempt !== task.attempt);
  if (earlier.length > 0) task.attempts = earlier;
  else delete task.attempts;
  const agent = world.agents.get(lease.agent_id);
  if (!agent) return;
  if (!agent.holds?.includes(task.task_id)) agent.holds = [...(agent.holds ?? []), task.task_id];
  if (agent.offline) world.facts.push(`agent.online ${agent.agent_id}`);
  delete agent.offline;
}

/** Renews the lease that came along with another call, if that is still possible, and says what it was worth. */
export function renewBy(world: World, lease: HeldLease): Worth {
  const worth = worthOf(world, lease);
  const task = world.tasks.get(lease.task_id);
  if (!task || (worth.kind !== "live" && worth.kind !== "late")) return worth;
  if (worth.kind === "live") {
    showLife(world, task);
    extend(world, task);
    return worth;
  }
  if (lastMoment(task) <= world.now) return { kind: "over" };
  if (blockingNode({ world, task }, "held only") !== undefined) return { kind: "full" };
  reclaim(world, task);
  return { kind: "live" };
}
