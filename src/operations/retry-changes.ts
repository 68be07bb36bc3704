/** What is different when a dead letter is tried again: another description, context or options. */
import * as z from "zod";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { Control } from "../store/steering.ts";
import { jsonObject, priority } from "./fields.ts";
import { newTask } from "./new-task.ts";
import type { Store } from "../store/store.ts";
import type { Call } from "./operation.ts";
import { randomName } from "./random-name.ts";
import { inputOf } from "./task-input.ts";

const changesSchema = z.strictObject({
  task_description: z.string().trim().min(1).optional(),
  context: z.json().optional(),
  priority: priority.optional(),
  options: jsonObject.optional(),
});

/** Options that a retry may set anew; the others decide where a task stands, which is settled when it is created. */
const CHANGEABLE = ["lease_seconds", "max_run_seconds", "deadline", "retry"];

type NewInput = Pick<z.infer<typeof changesSchema>, "task_description" | "context">;
type Retry = Pick<Control, "action" | "changes" | "text">;

/** `task_ids` are absent where all with one error code are tried again. */
export async function retryChanges(
  call: Call,
  { raw, task_ids }: { raw: Readonly<Record<string, unknown>>; task_ids: readonly string[] },
): Promise<Result<Retry>> {
  const read = changesSchema.safeParse(raw);
  if (!read.success) {
    return refuse("invalid", "changes of a retry: {task_description, context, priority, options}.");
  }
  const { options, priority } = read.data;
  const input = await newInput(call.services.store, { given: read.data, task_ids });
  if (!input.ok) return input;
  const { task_description, context } = input.value;
  const fixed = Object.keys(options ?? {}).find((name) => !CHANGEABLE.includes(name));
  if (fixed !== undefined) {
    return refuse(
      "invalid",
      `changes.options.${fixed.slice(0, 40)} cannot change on a retry; it may be ${CHANGEABLE.join(", ")}.`,
    );
  }
  const made = newTask(
    {
      key: "changes",
      agent_type: "any",
      task_description: task_description ?? "as before",
      context,
      options,
    },
    { numbers: new Map([["changes", 1]]), blobName: () => randomName(call.services.random) },
  );
  if (!made.ok) return made;
  const { task, payload } = made.value;
  const fields = {
    ...pick(task, CHANGEABLE),
    ...(priority !== undefined && { priority }),
    ...(task_description !== undefined && { title: task.title }),
  };
  return ok({
    action: "retry",
    text: task_description === undefined ? "" : payload,
    changes: {
      fields,
      cleared: task_description !== undefined && !task.payload_blob ? ["payload_blob"] : [],
      payload: task_description !== undefined,
      payload_bytes: task.payload_bytes,
      ...(task_description !== undefined &&
        task.payload_blob && { payload_blob: task.payload_blob }),
    },
  });
}

/** Of one task what is not given stays; several tasks have nothing in common that could stay. */
async function newInput(
  store: Store,
  {
    given: { task_description, context },
    task_ids,
  }: { given: NewInput; task_ids: readonly string[] },
): Promise<Result<NewInput>> {
  if ((task_description === undefined) === (context === undefined)) {
    return ok({ task_description, context });
  }
  const [task_id, another] = new Set(task_ids);
  if (task_id !== undefined && another === undefined) {
    const before = await inputOf(store, task_id);
    if (!before) return ok({});
    return ok({
      task_description: task_description ?? before.task_description,
      context: context ?? before.context,
    });
  }
  return task_description === undefined
    ? refuse(
        "invalid",
        "changes.context of several tasks needs task_description too: together they are the new input of each. Or give one of task_ids at a time.",
      )
    : ok({ task_description });
}

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
