/** Why a task does not run: what it waits for, in words that say what would help. */
import type { AgentRecord } from "../../domain/agent.ts";
import type { RunRecord, TaskRecord } from "../../domain/task.ts";
import type { Breaker, Obstacle } from "../../store/replies.ts";

/** Every kind of cause, those first that somebody has to do something about. */
export const WHYS = [
  "deadlock",
  "question",
  "no_agent",
  "breaker",
  "cancelling",
  "lock",
  "turn",
  "agent",
  "time",
  "worker",
  "children",
  "dependency",
  "ended",
] as const;

export type Why = (typeof WHYS)[number];

export interface Cause {
  readonly why: Why;
  /** Tasks with the same one wait for the same thing. */
  readonly subject: string;
  /** One sentence or two: what it waits for, and what would help. */
  readonly text: string;
}

/** What a sentence about a task is made of. Times in milliseconds of Redis' clock. */
export interface Facts {
  readonly now: number;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** Agent types that somebody has polled for, with the time; it is noted only now and then. */
  readonly types: Readonly<Record<string, number>>;
  readonly breakers: readonly Breaker[];
  /** What stands in the way of parked tasks, by their ids. */
  readonly in_the_way: Readonly<Record<string, Obstacle>>;
  readonly agents: readonly AgentRecord[];
  /** There are more agents than these. */
  readonly more_agents: boolean;
}

/** Whether this is the cause, where it is; the first of several that apply is the one to be told. */
export type Explain = (task: TaskRecord, facts: Facts) => Cause | undefined;

export function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}

/** "40 s", "12 min", "3 h", "5 days" */
export function duration(ms: number): string {
  const s = seconds(ms);
  if (s < 120) return `${s} s`;
  if (s < 7_200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3_600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** The first few, and how many more. */
export function listed(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
