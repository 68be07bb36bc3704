/** Checks all of a creation that can be checked without looking at what exists, and says all of its faults at once. */
import { checkGraph } from "../domain/graph.ts";
import { parseTaskId, runOf } from "../domain/ids.ts";
import { ok, refuse, type Refusal, type Result } from "../domain/refusal.ts";
import type { HeldLease } from "../store/held-lease.ts";
import type { Creation, TextBeside } from "../store/creation.ts";
import type { CreateInput } from "./create-tasks.ts";
import { type MadeTask, newTask } from "./new-task.ts";
import { fitting } from "./reply-budget.ts";

export type Plan = Omit<Creation, "operation_id" | "created_by">;

/** Bytes of a list of faults: a model reads no more than that. */
const FAULTS_BYTES = 6_000;

export function planCreation(
  input: CreateInput,
  { lease, blobName }: { lease: HeldLease | undefined; blobName: () => string },
): Result<Plan> {
  const graph = checkGraph(
    input.tasks.map(({ key, dependencies }) => ({ key, dependencies: dependencies ?? [] })),
    (name) => parseTaskId(name) !== undefined,
  );
  const numbers = new Map(input.tasks.map(({ key }, index) => [key, index + 1]));
  const made: MadeTask[] = [];
  const refusals: Refusal[] = [];
  for (const task of input.tasks) {
    const one = newTask(task, { numbers, blobName });
    if (one.ok) made.push(one.value);
    else refusals.push(named(one.refusal, { key: task.key, among: input.tasks.length }));
  }
  const faults = graph.faults.map(({ text }) => text);
  if (faults.length + refusals.length > 0) return refuseAll(faults, refusals);
  const tasks = made.map(({ task }) => task);
  const upstream = input.tasks
    .flatMap(({ dependencies }) => dependencies ?? [])
    .filter((name) => !numbers.has(name));
  const run = lease ? runOf(lease.task_id) : (input.run_id ?? upstreamRun(input, upstream));
  return ok({
    ...(run !== undefined && { run_id: run }),
    ...(input.name !== undefined && { name: input.name }),
    ...(input.schedule !== undefined && { schedule: input.schedule }),
    tasks,
    payloads: made.map(({ payload }) => payload),
    texts: made.flatMap(({ texts }, index) => texts.map((text) => numbered(text, index + 1))),
    sequence: graph.sequence.map((index) => index + 1),
    upstream: [...new Set(upstream)],
    agent_types: [
      ...new Set(
        tasks.flatMap(({ agent_type, review }) => [agent_type, review?.agent_type ?? []]).flat(),
      ),
    ],
  });
}

function numbered({ name, text }: Omit<TextBeside, "number">, number: number): TextBeside {
  return { number, name, text };
}

/** With the task's key in front, where there are several. */
function named(refusal: Refusal, { key, among }: { key: string; among: number }): Refusal {
  if (among === 1 || refusal.message.includes(key)) return refusal;
  return { ...refusal, message: `${key}: ${refusal.message}` };
}

/** One fault is said as it is. */
function refuseAll(
  faults: readonly string[],
  refusals: readonly Refusal[],
): { readonly ok: false; readonly refusal: Refusal } {
  const [first, second] = refusals;
  if (faults.length === 0 && first && !second) return { ok: false, refusal: first };
  const all = [...faults, ...refusals.map(({ message }) => message.replace(/\.$/, ""))];
  const shown = fitting(all, FAULTS_BYTES);
  const rest = all.length > shown.length ? `; and ${all.length - shown.length} more faults` : "";
  return refuse(
    faults.length > 0 ? "graph" : (first?.reason ?? "invalid"),
    `Nothing was created: ${shown.join("; ")}${rest}.`,
    { faults: shown },
  );
}

/** A single task without a run joins that of its first dependency; a workflow is always a run of its own. */
function upstreamRun(input: CreateInput, upstream: readonly string[]): string | undefined {
  const [first] = upstream;
  return input.name === undefined && first !== undefined
    ? first.slice(0, first.indexOf("t"))
    : undefined;
}
