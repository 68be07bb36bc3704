/** Delegated tasks: nobody gives away more than was granted, and whoever waits comes back once, with all results. */
import { z } from "zod";
import { LIMITS } from "../../../src/domain/limits.ts";
import type { Breach, Fact, History } from "../history.ts";
import type { SeenCall } from "../seen-call.ts";
import { type FinalTask, TERMINAL } from "./final-state.ts";
import { groupBy } from "./seen.ts";

type Tasks = ReadonlyMap<string, FinalTask>;

export function checkDelegation({ calls, facts, final: { tasks } }: History): Breach[] {
  const children = groupBy(
    [...tasks.values()].filter(({ parent }) => parent !== undefined),
    ({ parent = "" }) => parent,
  );
  return [
    ...[...children].flatMap(([id, own]) => checkFamily(id, own, tasks)),
    ...checkResumes(facts, tasks),
    ...checkHanded(calls, tasks),
  ];
}

function checkFamily(id: string, own: readonly FinalTask[], tasks: Tasks): Breach[] {
  const parent = tasks.get(id);
  if (!parent) return [];
  const { max_depth = LIMITS.delegation_depth, max_tasks = LIMITS.delegation_tasks } =
    parent.delegation ?? {};
  const below = [...tasks.values()].filter((task) => depthBelow(id, task, tasks) > 0);
  const deepest = Math.max(...below.map((task) => depthBelow(id, task, tasks)));
  const doubled = (text: string): Breach => ({ kind: "doubled", text });
  const lost = (text: string): Breach => ({ kind: "lost", text });
  const types = parent.delegation?.agent_types;
  const strange = types ? own.filter(({ agent_type }) => !types.includes(agent_type)) : [];
  const open = own.filter(({ alone, status }) => !alone && !TERMINAL.has(status));
  return [
    ...(below.length > max_tasks
      ? [doubled(`${id} has ${below.length} tasks below it, and may have ${max_tasks}`)]
      : []),
    ...(deepest > max_depth
      ? [doubled(`${id} delegates ${deepest} levels deep, and may ${max_depth}`)]
      : []),
    ...strange.map(({ task_id, agent_type }) =>
      doubled(`${id} delegated ${task_id} to ${agent_type}`),
    ),
    ...(TERMINAL.has(parent.status)
      ? open.map(({ task_id }) => lost(`${task_id} goes on, though ${id} is ${parent.status}`))
      : []),
  ];
}

/** How many levels the task is below that one; 0 where it is not. */
function depthBelow(id: string, task: FinalTask, tasks: Tasks): number {
  let depth = 0;
  for (let above = task.parent; above !== undefined; above = tasks.get(above)?.parent) {
    depth += 1;
    if (above === id) return depth;
  }
  return 0;
}

const ENDS = new Set(["task.completed", "task.failed", "task.cancelled", "task.skipped"]);

/** By the event log: a parent that waits is resumed once, and not before each of its children has ended. */
function checkResumes(facts: readonly Fact[], tasks: Tasks): Breach[] {
  const ended = new Set<string>();
  const waiting = new Set<string>();
  const made = new Map<string, string[]>();
  const faults: Breach[] = [];
  for (const { type, task_id = "", parent, suspended_for } of facts) {
    if (type === "task.created" && parent !== undefined) {
      made.set(parent, [...(made.get(parent) ?? []), task_id]);
    } else if (ENDS.has(type)) {
      ended.add(task_id);
      waiting.delete(task_id);
    } else if (type === "task.suspended" && suspended_for === "children") {
      waiting.add(task_id);
    } else if (type === "task.resumed" && waiting.delete(task_id)) {
      for (const child of made.get(task_id) ?? []) {
        if (ended.has(child) || !tasks.has(child)) continue;
        faults.push({ kind: "lost", text: `${task_id} was resumed before ${child} had ended` });
      }
    } else if (type === "task.resumed" && (made.get(task_id) ?? []).length > 0) {
      // An answer resumes too, and says that it did.
      if (!answered(facts, task_id)) {
        faults.push({ kind: "doubled", text: `${task_id} was resumed, and had not waited` });
      }
    }
  }
  return faults;
}

function answered(facts: readonly Fact[], id: string): boolean {
  return facts.some(({ task_id, suspended_for }) => task_id === id && suspended_for === "answer");
}

const handed = z.array(
  z.looseObject({
    lease: z.string(),
    children: z
      .array(
        z.looseObject({
          task_id: z.string().optional(),
          status: z.string().optional(),
          result: z.json().optional(),
        }),
      )
      .optional(),
  }),
);

/** A result that a parent was shown is the child's, and stays so. */
function checkHanded(calls: readonly SeenCall[], tasks: Tasks): Breach[] {
  return calls.flatMap(({ tool, outcome }) => {
    if (!("said" in outcome) || !HANDING.has(tool)) return [];
    const { tasks: given = [], next = [] } = outcome.said;
    const all = [given, next].flatMap((list) => handed.safeParse(list).data ?? []);
    return all.flatMap(({ lease, children = [] }) =>
      children.flatMap(({ task_id = "", status, result }) => {
        const child = tasks.get(task_id);
        if (status !== "completed" || !child) return [];
        if (child.status !== "completed") {
          const text = `${lease} was shown ${task_id} completed, and it is ${child.status}`;
          return [{ kind: "untrue" as const, text }];
        }
        if (result === undefined || JSON.stringify(result) === JSON.stringify(child.result)) {
          return [];
        }
        const text = `${lease} was shown another result of ${task_id} than it has`;
        return [{ kind: "untrue" as const, text }];
      }),
    );
  });
}

const HANDING = new Set(["poll_tasks", "submit_result"]);
