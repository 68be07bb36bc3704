/** Dependencies: what each task knows of those it waits for, and the edges by which they find it. */
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import type { DependencyRecord, TaskRecord } from "../../../src/domain/task.ts";
import type { Books } from "./books.ts";

export function checkEdges(books: Books): void {
  for (const task of books.tasks.values()) {
    if (task.retiring) continue;
    if (task.staged) continue;
    if (task.status === "blocked" || task.status === "skipped") checkWaiting(task, books);
  }
  const { edges, tasks, line, fault } = books;
  for (const edge of edges) {
    const [from = "", to = ""] = edge.split("|");
    const upstream = tasks.get(from);
    const downstream = tasks.get(to);
    if (!upstream?.has_dependents) fault(`edge ${edge}, but ${from} has no dependents`);
    if (!downstream?.dependencies?.some(({ task_id }) => task_id === from)) {
      fault(`edge ${edge} without a dependency`);
    }
    // Nothing takes back a completed task: its edges go as they are followed.
    if (upstream?.status === "completed" && !line.has(`edges:${from}`)) {
      fault(`edge ${edge} is left, though ${from} is completed`);
    }
  }
  for (const member of line.keys()) {
    const source = member.startsWith("edges:") ? member.slice(6) : undefined;
    if (source !== undefined && !tasks.get(source)?.has_dependents) {
      fault(`${member} is in the line, but ${source} has no dependents`);
    }
  }
}

/** A task that is blocked or skipped still listens to what becomes of its dependencies. */
function checkWaiting(task: TaskRecord, { tasks, edges, line, fault }: Books): void {
  const { task_id, status, dependencies = [], open_dependencies, skipped_because } = task;
  const open = dependencies.filter(({ ended }) => ended === undefined);
  if (open.length !== open_dependencies) {
    fault(`${task_id} counts ${open_dependencies} open dependencies of ${open.length}`);
  }
  const due = dueOf(task);
  if (status !== due) fault(`${task_id} is ${status}, and should be ${due}`);
  if (status === "skipped" && !isCause(task)) fault(`${task_id} is skipped for ${skipped_because}`);
  for (const dependency of dependencies) {
    const upstream = tasks.get(dependency.task_id);
    // Its edges go in batches, before its record.
    if (!upstream || upstream.retiring) continue;
    const pending = line.has(`edges:${dependency.task_id}`);
    if (dependency.ended !== endOf(upstream) && !pending) {
      fault(`${task_id} takes ${dependency.task_id} for ${dependency.ended ?? "open"}`);
    }
    if (dependency.ended !== "completed" && !edges.has(`${dependency.task_id}|${task_id}`)) {
      fault(`no edge ${dependency.task_id}|${task_id}`);
    }
  }
}

/** What the task should be by its trigger rule and what it knows of its dependencies. */
function dueOf({ dependencies = [], trigger_rule }: TaskRecord): "blocked" | "skipped" | "ready" {
  const ends = dependencies.map(({ ended }) => ended);
  const wait = ends.includes(undefined);
  if (trigger_rule === "one_failed") {
    return ends.includes("failed") ? "ready" : wait ? "blocked" : "skipped";
  }
  const unmet = ends.some((end) => end !== undefined && end !== "completed");
  if (unmet && trigger_rule === undefined) return "skipped";
  return wait ? "blocked" : "ready";
}

function isCause({ dependencies = [], trigger_rule, skipped_because }: TaskRecord): boolean {
  if (trigger_rule === "one_failed") return skipped_because === undefined;
  const cause = dependencies.find(({ task_id }) => task_id === skipped_because);
  return cause?.ended !== undefined && cause.ended !== "completed";
}

function endOf({ status }: TaskRecord): DependencyRecord["ended"] {
  return isTerminal(status) ? status : undefined;
}
