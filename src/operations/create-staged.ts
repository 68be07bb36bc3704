/** Creates a workflow that is too large for one script: batches that nobody sees, and then all of it in one moment. */
import { LIMITS } from "../domain/limits.ts";
import type { RefusedReply } from "../store/codec.ts";
import type { Creation } from "../store/creation.ts";
import type { Launched } from "../store/staging.ts";
import type { Call } from "./operation.ts";

/** A batch is staged once, so that whoever sends the same call with the same key finishes what another one left. */
export async function createStaged(
  { services: { store } }: Call,
  creation: Omit<Creation, "run_id">,
): Promise<{ readonly said: Launched } | { readonly refused: RefusedReply }> {
  const { sequence: _, operation_id, idempotency_key, tasks, ...rest } = creation;
  const total = tasks.length;
  const shared = { ...rest, total, ...(idempotency_key !== undefined && { idempotency_key }) };
  let run_id: string | undefined;
  for (let start = 0; start < total; start += LIMITS.tasks_per_create) {
    const end = Math.min(total, start + LIMITS.tasks_per_create);
    const some = tasks.slice(start, end);
    const later = run_id !== undefined;
    const reply = await store.stage({
      ...shared,
      operation_id,
      ...(run_id !== undefined && { run_id }),
      first: start + 1,
      tasks: some,
      payloads: creation.payloads.slice(start, end),
      texts: textsOf(creation, { start, end }),
      // The first batch checks all of it: no later one can find a fault that was there before.
      upstream: later ? upstreamOf(some) : creation.upstream,
      agent_types: later ? typesOf(some) : creation.agent_types,
      lanes: later ? [] : lanesOf(tasks),
    });
    if ("refused" in reply) return reply;
    if ("done" in reply.said) return { said: reply.said.done };
    ({ run_id } = reply.said);
  }
  if (run_id === undefined) throw new Error("a workflow without tasks was staged");
  return store.launch({
    operation_id: `${operation_id}:launch`,
    run_id,
    ...(idempotency_key !== undefined && { idempotency_key }),
  });
}

type Tasks = Creation["tasks"];

function textsOf(
  { texts }: Pick<Creation, "texts">,
  { start, end }: { start: number; end: number },
): Creation["texts"] {
  return texts
    .filter(({ number }) => number > start && number <= end)
    .map(({ number, name, text }) => ({ number: number - start, name, text }));
}

function upstreamOf(tasks: Tasks): string[] {
  const ids = tasks.flatMap(({ dependencies = [] }) =>
    dependencies.flatMap((dependency) => ("task_id" in dependency ? [dependency.task_id] : [])),
  );
  return [...new Set(ids)];
}

function typesOf(tasks: Tasks): string[] {
  const types = [...tasks, ...reviewers(tasks)].map(({ agent_type }) => agent_type);
  return [...new Set(types)];
}

/** Anybody of that type, whatever the reviewed task requires. */
function reviewers(tasks: Tasks): { agent_type: string }[] {
  return tasks.flatMap(({ review }) => (review ? { agent_type: review.agent_type } : []));
}

function lanesOf(tasks: Tasks): Pick<Tasks[number], "agent_type" | "requires" | "assignee">[] {
  const own = tasks.map(({ agent_type, requires, assignee }) => ({
    agent_type,
    ...(requires && { requires }),
    ...(assignee !== undefined && { assignee }),
  }));
  const lanes = [...own, ...reviewers(tasks)];
  return [...new Map(lanes.map((lane) => [JSON.stringify(lane), lane])).values()];
}
