/** Turns one task as a caller describes it into the record and the payload to store. */
import { LIMITS } from "../domain/limits.ts";
import type { TaskOptions } from "../domain/options.ts";
import { DEFAULT_PRIORITY } from "../domain/order.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { NewTask, TextBeside, WantedDependency } from "../store/creation.ts";
import type { TaskInput } from "./create-tasks.ts";
import { readOptions } from "./options.ts";
import { bytesOf } from "./text.ts";

export interface MadeTask {
  readonly task: NewTask;
  /** JSON text of description and context. */
  readonly payload: string;
  /** Further texts beside the record. */
  readonly texts: readonly Omit<TextBeside, "number">[];
}

export interface NewTaskContext {
  /** Keys of the same call, with their numbers from 1. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly blobName: () => string;
}

export function newTask(input: TaskInput, { numbers, blobName }: NewTaskContext): Result<MadeTask> {
  const dependencies = input.dependencies ?? [];
  const options = readOptions(
    input.options ?? {},
    numbers.size > 1 ? [input.key, "options"] : ["options"],
  );
  const description = input.task_description.toWellFormed();
  const refusal = together([
    tooMany(dependencies),
    options.ok ? undefined : options,
    inVain(input),
    oversize("task_description", bytesOf(description), LIMITS.description_bytes),
    oversize("context", bytesOf(JSON.stringify(input.context ?? null)), LIMITS.payload_bytes),
    longCriteria(options),
  ]);
  if (!options.ok) return refusal ?? options;
  if (refusal) return refusal;
  const payload = JSON.stringify({ task_description: description, context: input.context });
  const bytes = bytesOf(payload);
  const { requires, assignee, lease_seconds, max_run_seconds, retry } = options.value;
  const { start_at, start_within_seconds, deadline, result_schema, delegation } = options.value;
  const { locks, concurrency_key, concurrency_limit } = options.value;
  const { trigger_rule = "all_success", review } = options.value;
  const criteria = review?.criteria.toWellFormed() ?? "";
  return ok({
    payload,
    texts: [
      ...(result_schema ? [{ name: "schema", text: JSON.stringify(result_schema) } as const] : []),
      ...(review ? [{ name: "criteria", text: JSON.stringify(criteria) } as const] : []),
    ],
    task: {
      title: titleOf(description),
      agent_type: input.agent_type.toWellFormed(),
      priority: input.priority ?? DEFAULT_PRIORITY,
      payload_bytes: bytes,
      ...(bytes > LIMITS.inline_bytes && { payload_blob: blobName() }),
      ...(requires?.length && { requires: [...new Set(requires)].toSorted() }),
      ...(assignee !== undefined && { assignee }),
      ...(lease_seconds !== undefined && { lease_seconds }),
      ...(max_run_seconds !== undefined && { max_run_seconds }),
      ...(start_at !== undefined && { start_at: Date.parse(start_at) }),
      ...(start_within_seconds !== undefined && { start_within_seconds }),
      ...(deadline !== undefined && { deadline: Date.parse(deadline) }),
      ...(retry && { retry }),
      ...(trigger_rule !== "all_success" && { trigger_rule }),
      ...(result_schema && { has_schema: true }),
      ...(delegation && { delegation }),
      ...(review && {
        review: {
          agent_type: review.agent_type.toWellFormed(),
          threshold: review.threshold ?? LIMITS.review_threshold_default,
          max_rounds: review.max_rounds ?? LIMITS.review_rounds_default,
        },
      }),
      ...(locks?.length && { locks }),
      ...(concurrency_key !== undefined && { concurrency_key }),
      ...(concurrency_limit !== undefined && { concurrency_limit }),
      ...(dependencies.length > 0 && {
        dependencies: dependencies.map((name) => wanted(name, numbers)),
      }),
    },
  });
}

type Refused = ReturnType<typeof refuse>;

/** Everything that is wrong with the task is said at once. */
function together(found: readonly (Refused | undefined)[]): Refused | undefined {
  const all = found.filter((one) => one !== undefined);
  const [first, second] = all;
  if (!first || !second) return first;
  const { reason, message: _, ...facts } = first.refusal;
  return refuse(reason, all.map(({ refusal }) => refusal.message).join(" "), facts);
}

function tooMany({ length }: readonly string[]): Refused | undefined {
  if (length <= LIMITS.dependencies) return undefined;
  const said = `dependencies: ${length} given, at most ${LIMITS.dependencies} are allowed.`;
  return refuse("limit", said);
}

function inVain({ key, options, dependencies = [] }: TaskInput): Refused | undefined {
  if (options?.["trigger_rule"] !== "one_failed" || dependencies.length > 0) return undefined;
  return refuse(
    "invalid",
    `${key}: trigger_rule one_failed runs when a dependency failed, and there is none: name some, or leave it out.`,
  );
}

function longCriteria(options: Result<TaskOptions>): Refused | undefined {
  const criteria = options.ok ? (options.value.review?.criteria.toWellFormed() ?? "") : "";
  return oversize("options.review.criteria", bytesOf(criteria), LIMITS.criteria_bytes);
}

function wanted(name: string, numbers: ReadonlyMap<string, number>): WantedDependency {
  const number = numbers.get(name);
  return number === undefined ? { task_id: name } : { number, key: name };
}

/** The first line, short enough for a list. */
function titleOf(description: string): string {
  const line = description.split("\n", 1)[0]?.trim() ?? "";
  if (line.length <= LIMITS.title_length) return line;
  return `${line.slice(0, LIMITS.title_length - 1)}…`.toWellFormed();
}

function oversize(field: string, bytes: number, limit: number): Refused | undefined {
  if (bytes <= limit) return undefined;
  return refuse(
    "too_large",
    `${field} has ${bytes} bytes; at most ${limit} are allowed: put it elsewhere and pass its address.`,
    { parameters: [field], limit },
  );
}
