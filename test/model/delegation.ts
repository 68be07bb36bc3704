/** The model of creating tasks under a lease: whether that task may have so many below it, and what those may. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { type DelegationGrant, type TaskRecord } from "../../src/domain/task.ts";
import { type Creation, type NewTask } from "../../src/store/creation.ts";
import { type HeldLease } from "../../src/store/held-lease.ts";
import { refusal, type Worth, worthOf } from "./leases.ts";
import { lastMoment } from "./lifecycle.ts";
import { findCycle } from "./cycles.ts";
import { type World } from "./world.ts";

/** What the new tasks take from the task of the lease. */
export interface Heritage {
  readonly parent: string;
  readonly ancestors: string[];
  /** By the number of the new task. */
  readonly grants: readonly DelegationGrant[];
}

type Refused = { readonly refused: object };

/** Returns why not, where it is refused. */
export function inherit(world: World, call: Creation, lease: HeldLease): Heritage | Refused {
  const worth = usable(world, lease);
  const parent = world.tasks.get(lease.task_id);
  if ((worth.kind !== "live" && worth.kind !== "late") || !parent) {
    return refusal({ world, lease }, worth);
  }
  const ancestors = [...(parent.ancestors ?? []), parent.task_id];
  const ids = call.upstream.filter((id) => ancestors.includes(id));
  if (ids.length > 0) return { refused: { refused: "graph", ids } };
  const path = findCycle(world, call.upstream, ancestors);
  if (path) return { refused: { refused: "graph", what: "path", ids: path } };
  const grant = grantOf(parent.delegation);
  if (grant.max_depth < 1) return no({ what: "depth", ids: [parent.task_id] });
  const bad = lacking(call.agent_types, grant);
  if (bad) return no(bad);
  const room = roomFor(world, { parent, count: call.tasks.length });
  if ("refused" in room) return room;
  const most = { ...grant, max_depth: grant.max_depth - 1, max_tasks: room.left };
  const grants: DelegationGrant[] = [];
  for (const [index, { delegation = {} }] of call.tasks.entries()) {
    const excess = excessOf(delegation, most);
    if (excess) return no({ number: index + 1, ...excess });
    grants.push(attenuated(delegation, most));
  }
  return { parent: parent.task_id, ancestors, grants };
}

function no(facts: object): Refused {
  return { refused: { refused: "delegation", ...facts } };
}

function usable(world: World, lease: HeldLease): Worth {
  const worth = worthOf(world, lease);
  const task = world.tasks.get(lease.task_id);
  return worth.kind === "late" && task && lastMoment(task) <= world.now ? { kind: "over" } : worth;
}

export function grantOf(asked: NewTask["delegation"]): DelegationGrant {
  const { agent_types, max_depth, max_tasks } = asked ?? {};
  return {
    ...(agent_types && { agent_types }),
    max_depth: max_depth ?? LIMITS.delegation_depth,
    max_tasks: max_tasks ?? LIMITS.delegation_tasks,
  };
}

function lacking(
  types: readonly string[],
  { agent_types: allowed }: DelegationGrant,
): object | undefined {
  const names = allowed ? types.filter((type) => !allowed.includes(type)) : [];
  return names.length > 0 ? { what: "agent_types", names, allowed } : undefined;
}

function roomFor(
  world: World,
  { parent, count }: { parent: TaskRecord; count: number },
): { readonly left: number } | Refused {
  let most = Infinity;
  for (const id of [parent.task_id, ...(parent.ancestors ?? [])]) {
    const task = world.tasks.get(id);
    if (!task) continue;
    const { max_tasks } = grantOf(task.delegation);
    const left = max_tasks - (task.delegated ?? 0);
    if (left < count) {
      return no({ what: "tasks", ids: [id], limit: max_tasks, left: Math.max(0, left) });
    }
    most = Math.min(most, left - count);
  }
  return { left: most };
}

function excessOf(
  asked: NonNullable<NewTask["delegation"]>,
  most: DelegationGrant,
): object | undefined {
  for (const what of ["max_depth", "max_tasks"] as const) {
    if ((asked[what] ?? 0) > most[what]) return { what, limit: most[what] };
  }
  return lacking(asked.agent_types ?? [], most);
}

function attenuated(
  asked: NonNullable<NewTask["delegation"]>,
  most: DelegationGrant,
): DelegationGrant {
  const usual = grantOf(asked);
  const types = asked.agent_types ?? most.agent_types;
  return {
    ...(types && { agent_types: types }),
    max_depth: Math.min(usual.max_depth, most.max_depth),
    max_tasks: Math.min(usual.max_tasks, most.max_tasks),
  };
}

/** Writes the new children into the records of all that stand above them. */
export function adopt(
  world: World,
  { parent, ancestors }: Heritage,
  tasks: readonly TaskRecord[],
): void {
  for (const id of ancestors) {
    const above = world.tasks.get(id);
    if (above) above.delegated = (above.delegated ?? 0) + tasks.length;
  }
  const own = world.tasks.get(parent);
  if (!own) return;
  own.children = [...(own.children ?? []), ...tasks.map(({ task_id }) => task_id)];
  const open = tasks.filter(({ status }) => !isTerminal(status)).length;
  own.open_children = (own.open_children ?? 0) + open;
}
