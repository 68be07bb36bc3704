/**
 * Reads the `tasks.json` of Task Master: lists of tasks by tag (or a single one, in its older form), with subtasks and
 * dependencies between both levels. What is done already counts as met. A task waits for its subtasks and closes them;
 * its subtasks wait for what it waits for.
 */
import { LIMITS } from "../../domain/limits.ts";
import { nearest } from "../../domain/nearest.ts";
import { isObject } from "../../operations/json-text.ts";
import { graphFaults, type Reading } from "./draft.ts";
import type { Fault, Path } from "./fault.ts";
import { inheritDependencies, type Item, readItems } from "./task-master-items.ts";

type Named = Readonly<Record<string, unknown>>;

export interface TaskMasterOptions {
  readonly tag?: string;
  readonly agentType?: string;
  /** What the run is called unless the file says it. */
  readonly name: string;
}

const DEFAULT_TAG = "master";

export function isTaskMaster(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { tasks } = value;
  if (tasks === undefined) return tagsOf(value).length > 0;
  return (
    Array.isArray(tasks) &&
    tasks.some((task) => isObject(task) && "id" in task && !("key" in task)) &&
    !("name" in value)
  );
}

export function readTaskMaster(value: Named, options: TaskMasterOptions): Reading {
  const list = chooseList(value, options.tag);
  if ("faults" in list) return { ok: false, faults: list.faults };
  const { items, faults } = readItems(list.tasks, list.path);
  inheritDependencies(items);
  const wanted = items.filter(({ state }) => state === "open").map(onOpen(items));
  const all = [...faults, ...deferredFaults(items), ...graphFaults(wanted)];
  if (all.length > 0) return { ok: false, faults: all };
  const tasks = wanted.map(({ key, text, priority, dependencies }) => {
    const task = { key, task_description: text, priority };
    const names = dependencies.map(({ name }) => name);
    return names.length > 0 ? Object.assign(task, { dependencies: names }) : task;
  });
  const workflow = {
    name: nameOf(value, { ...options, tag: list.tag }),
    agent_type: options.agentType ?? "implementation",
    tasks,
  };
  return { ok: true, value: { workflow, remarks: leftOut(items) } };
}

type List = { readonly tag?: string; readonly tasks: readonly unknown[]; readonly path: Path };

function chooseList(
  value: Named,
  tag: string | undefined,
): List | { readonly faults: readonly Fault[] } {
  if (Array.isArray(value["tasks"]) && tag === undefined)
    return { tasks: value["tasks"], path: ["tasks"] };
  const tags = tagsOf(value);
  const chosen = tag ?? (tags.includes(DEFAULT_TAG) ? DEFAULT_TAG : tags[0]);
  const ambiguous = tag === undefined && tags.length > 1 && chosen !== DEFAULT_TAG;
  const inTag = chosen === undefined || ambiguous ? undefined : value[chosen];
  if (chosen !== undefined && isObject(inTag) && Array.isArray(inTag["tasks"])) {
    return { tag: chosen, tasks: inTag["tasks"], path: [chosen, "tasks"] };
  }
  const meant = tag === undefined ? undefined : nearest(tag, tags);
  const there = tags.length > 0 ? `there are ${tags.join(", ")}` : "the file has no tags";
  const hint = meant ? `did you mean ${meant}?` : `${there}.`;
  const message = ambiguous ? `which tag? Give --tag: ${there}` : `no tag ${tag}; ${hint}`;
  return { faults: [{ path: [], message: message.replace(/\.$/, "") }] };
}

function tagsOf(value: Named): string[] {
  return Object.keys(value).filter((name) => {
    const part = value[name];
    return isObject(part) && Array.isArray(part["tasks"]);
  });
}

/** The item as a node of the graph, without dependencies on what is left out. */
function onOpen(items: readonly Item[]) {
  const left = new Set(items.filter(({ state }) => state !== "open").map(({ key }) => key));
  return (item: Item) => ({
    ...item,
    dependencies: item.dependencies.filter(({ name }) => !left.has(name)),
  });
}

/** What was put off will not be done, so nothing can wait for it. */
function deferredFaults(items: readonly Item[]): Fault[] {
  const deferred = new Set(items.filter(({ state }) => state === "deferred").map(({ key }) => key));
  return items.flatMap(({ key, state, dependencies }) =>
    dependencies
      .filter(({ name }) => state === "open" && deferred.has(name))
      .map(({ name, path }) => ({
        path,
        message: `${key} depends on ${name}, which is deferred: make that pending, or remove the dependency`,
      })),
  );
}

function nameOf(
  value: Named,
  { name, tag }: { readonly name: string; readonly tag?: string | undefined },
): string {
  const meta = value["meta"] ?? value["metadata"];
  const project = isObject(meta) ? (meta["projectName"] ?? meta["project"]) : undefined;
  const base = typeof project === "string" && project.trim() !== "" ? project.trim() : name;
  const full = tag === undefined || tag === DEFAULT_TAG ? base : `${base}: ${tag}`;
  return full.slice(0, LIMITS.title_length).toWellFormed();
}

function leftOut(items: readonly Item[]): string[] {
  const met = items.filter(({ state }) => state === "met").length;
  const deferred = items.filter(({ state }) => state === "deferred").length;
  const parts = [
    ...(met ? [`${met} done or cancelled`] : []),
    ...(deferred ? [`${deferred} deferred`] : []),
  ];
  return parts.length > 0 ? [`Left out: ${parts.join(", ")}.`] : [];
}
