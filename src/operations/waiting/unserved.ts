/** Ready tasks that go on waiting unless somebody does something: nobody can take them, or a breaker holds them back. */
import type { TaskRecord } from "../../domain/task.ts";
import { breakerReason } from "../breakers.ts";
import type { Facts } from "../why/cause.ts";
import { noAgent } from "../why/no-agent.ts";
import type { KnownAgents } from "../why/read-facts.ts";
import type { Need } from "./needs.ts";

/** These are conditions, not events: a caller is told once of each lane, as long as it lasts. */
export interface Unserved {
  /** What the cursor notes of it: "n" or "b", and the lane. */
  readonly token: string;
  /** Absent where the caller was told before. */
  readonly need?: Need;
}

export interface Reading {
  readonly facts: Facts;
  readonly told: ReadonlySet<string>;
  /** Agents are read only where somebody perhaps has to be told. */
  readonly agents: () => Promise<KnownAgents>;
}

export async function unservedAmong(
  tasks: readonly TaskRecord[],
  { facts, told, agents }: Reading,
): Promise<Unserved[]> {
  const found = new Map<string, Unserved>();
  for (const task of tasks) {
    const held = heldBack(task, facts);
    const token = `${held === undefined ? "n" : "b"}${task.lane}`;
    if (found.has(token)) continue;
    if (told.has(token)) {
      found.set(token, { token });
      continue;
    }
    const text = held ?? noAgent(task, { ...facts, ...(await agents()) })?.text;
    const why = held === undefined ? "no_agent" : "breaker";
    if (text !== undefined) found.set(token, { token, need: { task_id: task.task_id, why, text } });
  }
  return [...found.values()];
}

/** By a breaker that is open: one that lets a probe through needs nobody. */
function heldBack(task: TaskRecord, { now, breakers }: Facts): string | undefined {
  return breakerReason({ now, breakers: breakers.filter(({ state }) => state === "open") }, task);
}
