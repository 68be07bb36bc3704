/** The model of the shared state. */
import { LIMITS } from "../../../src/domain/limits.ts";
import { type Notice } from "../../../src/store/codec.ts";
import { type StateRead, type StateWrite } from "../../../src/store/steering.ts";
import { alongWith } from "../along.ts";
import { refusal, renewBy, worthOf } from "../leases.ts";
import { refused, type Reply, said, withNotices } from "../reply.ts";
import { sweep } from "../sweep.ts";
import { tellHolder } from "../talk.ts";
import { type StateEntry, type World } from "../world.ts";

export function setState(world: World, call: StateWrite): Reply {
  const { name, run_id, lease, fingerprint = "" } = call;
  if (run_id !== undefined && !world.runs.has(run_id)) {
    return refused({ refused: "not_found", ids: [run_id] });
  }
  const stored = world.state.get(name);
  if (!stored && world.state.size >= LIMITS.state_keys) {
    const what = "keys of the shared state";
    return refused({ refused: "limit", limit: LIMITS.state_keys, what });
  }
  const before = world.operations.get(call.operation_id);
  const clash = before ? undefined : conflict(visible(world, stored), call.if_version);
  if (before && before.fingerprint !== fingerprint) {
    return refused({ refused: "idempotency_conflict", ...alongWith(world, lease) });
  }
  if (before) return said(Object.assign({}, before.reply, alongWith(world, lease)));
  if (clash) return refused({ ...clash, ...alongWith(world, lease) });
  const refusal = unfit(world, call);
  if (refusal) return refusal;

  const version = (stored?.version ?? world.stateFloor) + 1;
  world.operations.set(call.operation_id, { fingerprint, reply: { version } });
  const told = alongWith(world, lease);
  const ttl = call.ttl_seconds;
  const expires = ttl === undefined ? 0 : world.now + ttl * 1000;
  world.state.set(name, { version, expires, value: call.value });
  if (expires > 0) world.stateTimers.set(name, expires);
  world.facts.push(`state.changed ${call.key}`);
  sweep(world);
  return said({ version, ...told });
}

function visible(world: World, entry: StateEntry | undefined): StateEntry | undefined {
  return entry && (entry.expires === 0 || entry.expires > world.now) ? entry : undefined;
}

function conflict(
  entry: StateEntry | undefined,
  if_version: number | undefined,
): object | undefined {
  const version = entry?.version ?? 0;
  if (if_version === undefined || if_version === version) return undefined;
  const value: unknown = entry && JSON.parse(entry.value);
  return { refused: "version_conflict", version, ...(entry && { value }) };
}

function unfit(world: World, { lease }: StateWrite): Reply | undefined {
  if (!lease) return undefined;
  const worth = worthOf(world, lease);
  return worth.kind === "live" || worth.kind === "late"
    ? undefined
    : refusal({ world, lease }, worth);
}

export function getState(world: World, { name, prefix, after, lease }: StateRead): Reply {
  const task = lease && world.tasks.get(lease.task_id);
  let told: Notice[] = [];
  if (lease) {
    const worth = renewBy(world, lease);
    if (worth.kind !== "live") return refusal({ world, lease }, worth);
    if (task) told = tellHolder({ world, task });
  }
  sweep(world);
  const names =
    prefix === undefined
      ? [name ?? ""]
      : [...world.state.keys()]
          .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
          .toSorted();
  const page = names.slice(0, LIMITS.state_page);
  const entries = page.flatMap((name) => {
    const entry = visible(world, world.state.get(name));
    const value: unknown = entry && JSON.parse(entry.value);
    return entry ? [{ name, version: entry.version, value }] : [];
  });
  return said({
    more: names.length > page.length ? page.at(-1) : null,
    entries,
    ...withNotices(told),
  });
}
