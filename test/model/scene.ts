/** What a command of a sequence can refer to: the names, tasks and leases that the sequence has led to so far. */
import { type ArmedTick } from "../../src/store/codec.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type HeldLease } from "../../src/store/held-lease.ts";
import { type DueTime } from "../../src/store/schedules.ts";
import { type Creation } from "../../src/store/creation.ts";
import { type Call } from "./call.ts";
import { type Forgery, type TaskSpec } from "./commands.ts";
import { type World } from "./world.ts";

/** What the callers know: they see replies only. */
export interface History {
  readonly calls: Call[];
  readonly leases: HeldLease[];
  readonly ticks: ArmedTick[];
  /** Workflows that somebody began to stage. */
  readonly stagings: Begun[];
  /** What Workers do about schedules; any of them may have died. */
  readonly firings: Firing[];
  /** Schedules that calls found due, for whoever fires them. */
  due: string[];
  /** How many names were made up so far. */
  names: number;
}

/** As far as it is known, which says what comes next. */
export interface Firing {
  readonly schedule_id: string;
  /** It takes that time for the last of the calendar. */
  readonly last: boolean;
  due?: Omit<DueTime, "schedule_id">;
  tasks?: readonly TaskSpec[];
  /** The time whose run it makes. */
  at?: number;
  made?: { readonly run_id: string } | { readonly error: string };
  /** Of which it awaits the reply. */
  call?: Call;
}

export interface Begun {
  readonly creation: Omit<Creation, "run_id">;
  /** Told by the reply to the first batch. */
  run_id?: string;
  /** Tasks of which the batches were sent. */
  sent: number;
}

export interface Scene {
  readonly world: World;
  readonly history: History;
}

export const TYPES = ["implementation", "testing"];

export function name({ history }: Scene, prefix: string): string {
  history.names += 1;
  return `${prefix}${history.names}`;
}

export function nth<T>(list: readonly T[], back: number): T | undefined {
  return list.at(-1 - (back % Math.max(1, list.length)));
}

export function taskAt({ world }: Scene, back: number): string {
  return nth(withStaged([...world.tasks.keys()], staged(world, "t1")), back) ?? "r1t1";
}

export function runAt({ world }: Scene, back: number): string {
  return nth(withStaged([...world.runs.keys()], staged(world, "")), back) ?? "r1";
}

function staged({ stagings }: World, suffix: string): string[] {
  return [...stagings.keys()].map((run_id) => run_id + suffix);
}

/** What nobody sees is named now and then all the same. */
function withStaged(ids: readonly string[], hidden: readonly string[]): string[] {
  return ids.toSpliced(-2, 0, ...hidden);
}

export function agentId(agent: number): string {
  return `agent-${agent}`;
}

export function keyOf(agent: number): string {
  return `key-${agent % 2}`;
}

/** Among the leases under which a task is worked on now and that fit, if there are any; else any one. */
export function liveLeaseAt(
  scene: Scene,
  { lease, fits }: { lease: number; fits: (task: TaskRecord) => boolean },
): HeldLease {
  const live = scene.history.leases.filter(({ task_id, attempt }) => {
    const task = scene.world.tasks.get(task_id);
    return task?.status === "running" && task.attempt === attempt && fits(task);
  });
  return nth(live, lease) ?? leaseAt(scene, { lease, forgery: "true" });
}

export function leaseAt(
  scene: Scene,
  { lease, forgery }: { lease: number; forgery: Forgery },
): HeldLease {
  const held = nth(scene.history.leases, lease) ?? {
    task_id: "r1t1",
    attempt: 1,
    check: "none",
    key_id: "key-0",
  };
  switch (forgery) {
    case "true":
      return held;
    case "check":
      return { ...held, check: "forged" };
    case "attempt":
      return { ...held, attempt: held.attempt + 1 };
    case "key":
      return { ...held, key_id: "key-other" };
  }
}
