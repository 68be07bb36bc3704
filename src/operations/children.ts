/** What a task is shown of the tasks that it has delegated. */
import * as z from "zod";
import { isTerminal } from "../domain/lifecycle.ts";
import { LIMITS } from "../domain/limits.ts";
import { type TaskRecord, taskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";
import type { TextName } from "../store/texts.ts";
import { cutText, fitting, sizeOf } from "./reply-budget.ts";
import { bytesOf } from "./text.ts";

export const shownChild = z.looseObject({
  task_id: z.string().optional(),
  title: z.string().optional(),
  status: z.string().optional(),
  /** It was retried after its parent had gone on: nobody waits for it. */
  alone: z.boolean().optional(),
  result: z.json().optional(),
  error: z.string().optional(),
  /** Where to read what does not fit. */
  see: z.string().optional(),
});

type ShownChild = z.infer<typeof shownChild>;

/** A longer error of a child is cut: all of it is in the child's status. */
const ERROR_BYTES = 500;

/** Records first, then the results of the latest: in this order, as `childrenWithin` takes them. */
export function childNames({ children = [] }: TaskRecord): TextName[] {
  const results = children.slice(-LIMITS.inputs);
  return [
    ...children.map((id) => ({ field: id })),
    ...results.map((id) => ({ field: `${id}:result` })),
  ];
}

/** Every child with its status, and as many results as fit; the rest by pointer. */
export function childrenWithin(
  { task_id, children = [] }: TaskRecord,
  { texts, bytes }: { texts: readonly (string | undefined)[]; bytes: number },
): ShownChild[] {
  const records = recordsIn(texts.slice(0, children.length));
  const results = new Map(
    children
      .slice(-LIMITS.inputs)
      .map((id, index) => [id, texts[children.length + index]] as const),
  );
  const shown = fitting(records.map(headOf), bytes / 2);
  let left = bytes - sizeOf(shown);
  for (const child of shown) {
    const text = child.see === undefined ? undefined : results.get(child.task_id ?? "");
    // A result stands in the place of the pointer to it, which is counted.
    if (text === undefined || bytesOf(text) > left) continue;
    left -= bytesOf(text);
    delete child.see;
    child.result = z.json().parse(JSON.parse(text));
  }
  const more = records.length - shown.length;
  if (more <= 0) return shown;
  return [
    ...shown,
    { see: `${more} more children: get_task_status {task_id: "${task_id}", detail: "full"}` },
  ];
}

function headOf(task: TaskRecord): ShownChild {
  const { task_id, title, status, alone, error } = task;
  return {
    task_id,
    title,
    status,
    ...(alone && { alone }),
    ...(status === "failed" && error !== undefined && { error: messageOf(error) }),
    ...(status === "completed" &&
      task.result_bytes && { see: `get_task_status {task_id: "${task_id}", detail: "full"}` }),
  };
}

function messageOf(error: string): string {
  const { message } = z.looseObject({ message: z.string() }).parse(JSON.parse(error));
  return cutText(message, ERROR_BYTES);
}

function recordsIn(texts: readonly (string | undefined)[]): TaskRecord[] {
  return texts.flatMap((text) => (text === undefined ? [] : [taskRecord.parse(JSON.parse(text))]));
}

export async function readChildren(store: Store, ids: readonly string[]): Promise<TaskRecord[]> {
  return recordsIn(await store.texts(ids.map((field) => ({ field }))));
}

/** The open children that suspended tasks wait for, by parent; one read for all, and none where no task waits for any. */
export async function awaitedChildren(
  store: Store,
  tasks: readonly TaskRecord[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const waiting = tasks.filter(({ suspended_for }) => suspended_for === "children");
  const ids = waiting.flatMap(({ children = [] }) => children).slice(0, MOST_LOOKED_AT);
  const awaited = new Map<string, string[]>();
  for (const { task_id, parent = "", status, alone } of await readChildren(store, ids)) {
    if (!alone && !isTerminal(status)) {
      awaited.set(parent, [...(awaited.get(parent) ?? []), task_id]);
    }
  }
  return awaited;
}

/** Of the tasks of a long list some may have too many: those are counted only. */
const MOST_LOOKED_AT = 400;
