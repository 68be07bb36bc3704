/** The tasks and subtasks of a Task Master list, made flat: `5` and `5.2`. */
import { DEFAULT_PRIORITY } from "../../domain/order.ts";
import { nearest } from "../../domain/nearest.ts";
import { isObject } from "../../operations/json-text.ts";
import type { DraftNode } from "./draft.ts";
import type { Fault, Path } from "./fault.ts";

/** `met`: whatever waits for it need not wait any more. */
type State = "open" | "met" | "deferred";

export interface Item extends DraftNode {
  readonly state: State;
  readonly priority: number;
  readonly text: string;
  /** The task whose part it is. */
  readonly parent?: Item;
  dependencies: { readonly name: string; readonly path: Path }[];
}

const STATES: Readonly<Record<string, State>> = {
  pending: "open",
  "in-progress": "open",
  review: "open",
  blocked: "open",
  done: "met",
  completed: "met",
  cancelled: "met",
  deferred: "deferred",
};

const PRIORITIES: Readonly<Record<string, number>> = {
  critical: 0,
  high: 2,
  medium: DEFAULT_PRIORITY,
  low: 8,
};

type Named = Readonly<Record<string, unknown>>;

interface Reader {
  readonly items: Item[];
  readonly faults: Fault[];
}

export function readItems(tasks: readonly unknown[], path: Path): Reader {
  const reader: Reader = { items: [], faults: [] };
  const numbers = new Set(tasks.flatMap((task) => (isObject(task) ? [idOf(task)] : [])));
  for (const [index, task] of tasks.entries()) {
    const at = [...path, index];
    const item = readItem(reader, { value: task, path: at, resolve: (name) => name });
    if (!item || !isObject(task)) continue;
    const subtasks: unknown[] = Array.isArray(task["subtasks"]) ? task["subtasks"] : [];
    const siblings = new Set(subtasks.flatMap((part) => (isObject(part) ? [idOf(part)] : [])));
    for (const [place, part] of subtasks.entries()) {
      const subtask = readItem(reader, {
        value: part,
        path: [...at, "subtasks", place],
        parent: item,
        // A bare number is a sibling. Where there is none, only a task can be meant.
        resolve: (name) =>
          name.includes(".") || (!siblings.has(name) && numbers.has(name))
            ? name
            : `${item.key}.${name}`,
      });
      if (subtask)
        item.dependencies.push({ name: subtask.key, path: [...at, "subtasks", place, "id"] });
    }
    // A subtask that the task names itself stands twice then.
    const own = new Map(item.dependencies.map((one) => [one.name, one]));
    if (subtasks.length > 0) item.dependencies = [...own.values()];
  }
  return reader;
}

interface Place {
  readonly value: unknown;
  readonly path: Path;
  readonly parent?: Item;
  /** The key that a dependency means. */
  readonly resolve: (name: string) => string;
}

function readItem(
  { items, faults }: Reader,
  { value, path, parent, resolve }: Place,
): Item | undefined {
  const id = isObject(value) ? idOf(value) : undefined;
  if (!isObject(value) || id === undefined) {
    const message = isObject(value)
      ? "id is missing (a number)"
      : "a task is an object with id and title";
    faults.push({ path, message });
    return undefined;
  }
  const text = textOf(value, parent);
  if (text === "") faults.push({ path, message: "title is missing" });
  const state = choose({
    reader: faults,
    value,
    path,
    field: "status",
    of: STATES,
    standard: "pending",
  });
  const priority = choose({
    reader: faults,
    value,
    path,
    field: "priority",
    of: PRIORITIES,
    standard: parent ? "" : "medium",
  });
  const item: Item = {
    key: parent ? `${parent.key}.${id}` : id,
    path: [...path, "id"],
    state: parent && parent.state !== "open" ? parent.state : (state ?? "open"),
    priority: priority ?? parent?.priority ?? DEFAULT_PRIORITY,
    text,
    ...(parent && { parent }),
    dependencies: namesOf(value, { path, faults, resolve }),
  };
  items.push(item);
  return item;
}

interface Choice<T> {
  readonly reader: Fault[];
  readonly value: Named;
  readonly path: Path;
  readonly field: string;
  readonly of: Readonly<Record<string, T>>;
  readonly standard: string;
}

function choose<T>({ reader, value, path, field, of, standard }: Choice<T>): T | undefined {
  const given = value[field] ?? standard;
  const word = typeof given === "string" ? given.trim().toLowerCase().replaceAll("_", "-") : "";
  if (Object.hasOwn(of, word)) return of[word];
  if (given === standard) return undefined;
  const meant = nearest(word, Object.keys(of));
  const hint = meant ? `did you mean ${meant}?` : `it is one of ${Object.keys(of).join(", ")}`;
  reader.push({ path: [...path, field], message: `no such ${field}; ${hint}` });
  return undefined;
}

function namesOf(
  { dependencies = [] }: Named,
  { path, faults, resolve }: Pick<Place, "path" | "resolve"> & Pick<Reader, "faults">,
): Item["dependencies"] {
  const list = dependencies ?? [];
  if (!Array.isArray(list)) {
    faults.push({ path: [...path, "dependencies"], message: "dependencies must be a list" });
    return [];
  }
  return list.flatMap((name: unknown, index) => {
    const at = [...path, "dependencies", index];
    const text = wordOf(name);
    if (text !== undefined) return [{ name: resolve(text), path: at }];
    faults.push({ path: at, message: 'a dependency is the id of a task, such as 5 or "5.2"' });
    return [];
  });
}

function idOf({ id }: Named): string | undefined {
  return wordOf(id);
}

function wordOf(value: unknown): string | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value).trim() : "";
  return text === "" ? undefined : text;
}

/** Its first line is the title. */
function textOf(value: Named, parent: Item | undefined): string {
  const part = (name: string) => {
    const text = value[name];
    return typeof text === "string" ? text.trim() : "";
  };
  const title = part("title").replaceAll(/\s+/g, " ");
  const strategy = part("testStrategy");
  return [
    title,
    part("description"),
    part("details"),
    strategy === "" ? "" : `Test strategy: ${strategy}`,
    parent ? `Part of ${parent.key}: ${parent.text.split("\n", 1)[0]}` : "",
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

/**
 * Subtasks wait for what their task waits for, except where that would close a circle: the task's other dependencies may
 * themselves wait for one of its subtasks.
 */
export function inheritDependencies(items: readonly Item[]): void {
  const byKey = new Map(items.map((item) => [item.key, item]));
  for (const item of items) {
    for (const edge of item.parent?.dependencies ?? []) {
      const target = byKey.get(edge.name);
      const own = target?.parent === item.parent && target !== undefined;
      if (!target || own || item.dependencies.some(({ name }) => name === edge.name)) continue;
      if (!reaches(byKey, { from: target.key, to: item.key })) item.dependencies.push(edge);
    }
  }
}

function reaches(
  byKey: ReadonlyMap<string, Item>,
  { from, to }: { readonly from: string; readonly to: string },
): boolean {
  const seen = new Set([from]);
  for (const key of seen) {
    if (key === to) return true;
    for (const { name } of byKey.get(key)?.dependencies ?? []) seen.add(name);
  }
  return false;
}
