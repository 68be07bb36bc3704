/** What a caller reads whose submit was not accepted. */
import { refuse, type Result } from "../domain/refusal.ts";
import type { RefusedReply } from "../store/codec.ts";
import type { HeldLease } from "../store/held-lease.ts";
import { leaseRefusal } from "./lease-refusal.ts";
import { sayNotices } from "./notices.ts";
import { listed } from "./why/cause.ts";

export function submitRefusal(refused: RefusedReply, lease: HeldLease): Result<never> {
  const { task_id } = lease;
  const told = sayNotices(refused.notices);
  const still = refused.held ? " You still hold the task." : "";
  switch (refused.refused) {
    case "no_children":
      return refuse(
        "no_children",
        `waiting needs a child task: create one with this lease, or use needs_input.${still}`,
        { task_id, ...told },
      );
    case "children_open": {
      const open = refused.ids ?? [];
      return refuse(
        "children_open",
        `${task_id} has open children: ${listed(open, 10)}.${still} Submit waiting, and it comes back to you with their results; or have an orchestrator cancel them (control_task).`,
        { task_id, children: open, ...told },
      );
    }
    default:
      return leaseRefusal(refused, lease);
  }
}
