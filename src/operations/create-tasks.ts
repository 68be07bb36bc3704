/** Creates tasks in one run: what `create_task` and `create_workflow` share. */
import { checkGraph } from "../domain/graph.ts";
import { parseRunId, parseTaskId } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import { nearest } from "../domain/nearest.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { Creation, TextBeside } from "../store/store.ts";
import { newTask } from "./new-task.ts";
import { notFound } from "./not-found.ts";
import type { Call } from "./operation.ts";
import { fingerprint, randomName } from "./random-name.ts";

export interface TaskInput {
  readonly key: string;
  readonly agent_type: string;
  readonly task_description: string;
  readonly context?: unknown;
  readonly dependencies?: readonly string[] | undefined;
  readonly priority?: number | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

export interface CreateInput {
  readonly name?: string;
  /** The schedule that makes this run. */
  readonly schedule?: string;
  readonly run_id?: string;
  readonly lease?: string;
  readonly idempotency_key?: string;
  readonly tasks: readonly TaskInput[];
}

export interface Created {
  readonly run_id: string;
  readonly tasks: readonly { readonly task_id: string; readonly status: string }[];
  /** What the caller should know, such as that nobody serves an agent type. */
  readonly note?: string;
}

export async function createTasks(call: Call, input: CreateInput): Promise<Result<Created>> {
  const { services, caller } = call;
  if (input.lease !== undefined || caller.role === "worker") {
    return refuse(
      "not_available",
      "Tasks under a lease of your own are not yet available: ask an orchestrator to create the task.",
    );
  }
  if (input.run_id !== undefined && parseRunId(input.run_id) === undefined) {
    return notFound("run", input.run_id);
  }
  const planned = plan(input, () => randomName(services.random));
  if (!planned.ok) return planned;
  const reply = await services.store.create({
    ...planned.value,
    operation_id: call.operation_id,
    created_by: caller.key_id,
    ...(input.idempotency_key !== undefined && {
      idempotency_key: input.idempotency_key,
      fingerprint: await fingerprint(input),
    }),
  });
  if ("refused" in reply) return creationRefusal(reply.refused, input);
  const { run_id, tasks, types } = reply.said;
  const note = unserved(planned.value.agent_types, Object.keys(types));
  return ok({ run_id, tasks, ...(note && { note }) });
}

/** Whether anything is wrong with it that can be seen without looking at what exists. */
export function checkCreation(input: CreateInput): Result<unknown> {
  return plan(input, () => "");
}

type Plan = Omit<Creation, "operation_id" | "created_by">;

/** Checks all that can be checked without looking at what exists. */
function plan(input: CreateInput, blobName: () => string): Result<Plan> {
  const graph = checkGraph(
    input.tasks.map(({ key, dependencies }) => ({ key, dependencies: dependencies ?? [] })),
    (name) => parseTaskId(name) !== undefined,
  );
  if (graph.faults.length > 0) {
    const faults = graph.faults.map(({ text }) => text);
    return refuse("graph", `Nothing was created: ${faults.join("; ")}.`, { faults });
  }
  const numbers = new Map(input.tasks.map(({ key }, index) => [key, index + 1]));
  const tasks = [];
  const payloads = [];
  const texts: TextBeside[] = [];
  for (const task of input.tasks) {
    const made = newTask(task, { numbers, blobName });
    if (!made.ok) return made;
    const number = tasks.push(made.value.task);
    texts.push(...made.value.texts.map((beside) => ({ ...beside, number })));
    payloads.push(made.value.payload);
  }
  const upstream = input.tasks
    .flatMap(({ dependencies }) => dependencies ?? [])
    .filter((name) => !numbers.has(name));
  const run = input.run_id ?? upstreamRun(input, upstream);
  return ok({
    ...(run !== undefined && { run_id: run }),
    ...(input.name !== undefined && { name: input.name.toWellFormed() }),
    ...(input.schedule !== undefined && { schedule: input.schedule }),
    tasks,
    payloads,
    texts,
    sequence: graph.sequence.map((index) => index + 1),
    upstream: [...new Set(upstream)],
    agent_types: [...new Set(tasks.map(({ agent_type }) => agent_type))],
  });
}

/** A single task without a run joins that of its first dependency; a workflow is always a run of its own. */
function upstreamRun(input: CreateInput, upstream: readonly string[]): string | undefined {
  const [first] = upstream;
  return input.name === undefined && first !== undefined
    ? first.slice(0, first.indexOf("t"))
    : undefined;
}

function creationRefusal(
  refused: {
    refused: string;
    ids?: string[] | undefined;
    limit?: number | undefined;
    what?: string | undefined;
  },
  input: CreateInput,
): Result<never> {
  switch (refused.refused) {
    case "not_found":
      return refuse(
        "not_found",
        `Nothing was created: no ${refused.ids?.join(", ")} here (unknown, or removed after its retention).`,
        { ids: refused.ids },
      );
    case "cancelled":
      return refuse(
        "cancelled",
        `Nothing was created: ${refused.ids?.join(", ")} is being cancelled. Start a new run, or add to it once it has ended.`,
      );
    case "idempotency_conflict":
      return refuse(
        "idempotency_conflict",
        "This idempotency_key was used with other contents: send the same call again, or take a new key.",
        { tasks: input.tasks.length },
      );
    case "limit":
      return refuse(
        "limit",
        refused.what === "lanes"
          ? `Nothing was created: a project has at most ${LIMITS.lanes} combinations of agent_type, requires and assignee; reuse one.`
          : `Nothing was created: a run has at most ${LIMITS.tasks_per_run} tasks; start a new run.`,
        { limit: refused.limit },
      );
    default:
      throw new Error(`unexpected refusal of a creation: ${refused.refused}`);
  }
}

function unserved(types: readonly string[], served: readonly string[]): string | undefined {
  const notes = types
    .filter((type) => !served.includes(type))
    .map((type) => {
      const meant = nearest(type, served);
      return `Nobody has polled for ${type} yet${meant ? `; did you mean ${meant}?` : "."}`;
    });
  return notes.length > 0 ? notes.join(" ") : undefined;
}
