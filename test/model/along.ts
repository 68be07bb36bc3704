/** What a lease that comes along with another call brings about. */
import { type Notice } from "../../src/store/codec.ts";
import { type HeldLease } from "../../src/store/held-lease.ts";
import { renewBy } from "./leases.ts";
import { withNotices } from "./reply.ts";
import { tellHolder } from "./talk.ts";
import { type World } from "./world.ts";

/** The lease that comes along is renewed, and its holder told what there is to tell. */
export function alongWith(
  world: World,
  lease: HeldLease | undefined,
): { notices?: readonly Notice[] } {
  if (!lease || renewBy(world, lease).kind !== "live") return {};
  const task = world.tasks.get(lease.task_id);
  return task ? withNotices(tellHolder({ world, task })) : {};
}
