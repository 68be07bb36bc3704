/** What a caller reads whose lease is not, or no longer, worth anything. */
import type { HeldLease } from "../store/held-lease.ts";
import type { RefusedReply } from "../store/codec.ts";
import { formatLease, parseLease } from "../domain/ids.ts";
import { refuse, type Refusal, type Result } from "../domain/refusal.ts";
import { sayCancelled } from "./notices.ts";
import type { Caller } from "./operation.ts";

export function readLease(token: string, caller: Caller): Result<HeldLease> {
  const lease = parseLease(token);
  return lease ? { ok: true, value: { ...lease, key_id: caller.key_id } } : unknownLease(token);
}

function unknownLease(token: string): { ok: false; refusal: Refusal } {
  const shown = token.length > 40 ? `${token.slice(0, 40)}…` : token;
  return refuse(
    "lease_unknown",
    `No lease "${shown}". Call poll_tasks with your agent_id: it gives your tasks again with their leases.`,
  );
}

export function leaseRefusal(
  refused: RefusedReply,
  lease: HeldLease,
): { ok: false; refusal: Refusal } {
  const { task_id } = lease;
  const facts = { task_id, task_status: refused.status };
  const kept = refused.kept ? " Your result was kept." : "";
  switch (refused.refused) {
    case "lost":
      return refuse(
        "lease_lost",
        refused.status === "running"
          ? `Another worker has ${task_id} (attempt ${refused.attempt}).${kept} Stop; poll_tasks for new work.`
          : `Your lease of ${task_id} ran out, and the task went on without you (it is ${refused.status}).${kept} Stop; poll_tasks for new work.`,
        { ...facts, attempt: refused.attempt },
      );
    case "cancelled":
      return refuse("cancelled", `${sayCancelled(task_id)}${kept}`, facts);
    case "instance_replaced":
      return refuse(
        "instance_replaced",
        `Another process works as this agent now, and your lease of ${task_id} ended with that.${kept} Stop; run under an agent_id of your own.`,
        facts,
      );
    case "submitted":
      return refuse(
        "lease_ended",
        `You have submitted ${task_id} already (it is ${refused.status}); poll_tasks for new work.`,
        facts,
      );
    case "over":
      return refuse(
        "lease_ended",
        `${task_id} has run as long as it may (max_run_seconds): submit what you have, or stop.`,
        facts,
      );
    case "full":
      return refuse(
        "lease_ended",
        `Your lease of ${task_id} ran out, and its concurrency_key is full: submit what you have, or stop.`,
        facts,
      );
    default:
      return unknownLease(formatLease(lease));
  }
}
