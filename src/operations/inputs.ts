/** What a worker builds on: the results of its task's dependencies, and which of them ended without one. */
import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import { type DependencyRecord, type TaskRecord, taskRecord } from "../domain/task.ts";
import type { TextName } from "../store/texts.ts";
import { cutText } from "./reply-budget.ts";
import { bytesOf } from "./text.ts";

type Json = z.infer<ReturnType<typeof z.json>>;

/** A pointer, no report: the whole error is a call away. */
const ERROR_BYTES = 300;

/** Texts that `inputsWithin` takes, in its order. */
export function inputNames(task: TaskRecord): TextName[] {
  return inputsOf(task)
    .slice(0, LIMITS.inputs)
    .map(({ task_id, ended, result_blob }) => {
      if (ended !== "completed") return { field: task_id };
      return result_blob === undefined ? { field: `${task_id}:result` } : { blob: result_blob };
    });
}

/** By key or id. What does not fit is a pointer; what is still open is left out. */
export function inputsWithin(
  task: TaskRecord,
  { texts, bytes }: { texts: readonly (string | undefined)[]; bytes: number },
): { inputs?: Record<string, Json> } {
  let left = Math.min(bytes, LIMITS.inputs_bytes);
  const inputs = inputsOf(task).flatMap((dependency, index) => {
    const { task_id, key, ended } = dependency;
    const text = ended === "completed" ? texts[index] : failureOf(dependency, texts[index]);
    if (text === undefined && index < LIMITS.inputs) return [];
    const fits = text !== undefined && bytesOf(text) <= left;
    if (fits) left -= bytesOf(text);
    const see = `get_task_status {task_id: "${task_id}", detail: "full"}`;
    return [[key ?? task_id, fits ? parse(text) : { see }] as const];
  });
  // `fromEntries` defines properties; assigning to a key such as __proto__ would do something else.
  return inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {};
}

function inputsOf(task: TaskRecord): DependencyRecord[] {
  return (task.dependencies ?? []).filter(({ ended }) => ended !== undefined);
}

/** How it ended when that decided about the dependent; the error is that of its last attempt. */
function failureOf({ ended }: DependencyRecord, record: string | undefined): string {
  const stored = record === undefined ? undefined : taskRecord.parse(JSON.parse(record)).error;
  if (ended !== "failed" || stored === undefined) return JSON.stringify({ status: ended });
  const { message, code, category } = errorShape.parse(JSON.parse(stored));
  return JSON.stringify({
    status: ended,
    error: { message: cutText(message, ERROR_BYTES), code, category },
  });
}

const errorShape = z.looseObject({
  message: z.string(),
  code: z.string().optional(),
  category: z.string().optional(),
});

function parse(text: string): Json {
  return z.json().parse(JSON.parse(text));
}
