/** What is different when a dead letter is tried again: another description, context or options. */
import * as z from "zod";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { Control } from "../store/steering.ts";
import { jsonObject, priority } from "./fields.ts";
import { newTask } from "./new-task.ts";
import type { Call } from "./operation.ts";
import { randomName } from "./random-name.ts";

const changesSchema = z.strictObject({
  task_description: z.string().trim().min(1).optional(),
  context: z.json().optional(),
  priority: priority.optional(),
  options: jsonObject.optional(),
});

/** Options that a retry may set anew; the others decide where a task stands, which is settled when it is created. */
const CHANGEABLE = ["lease_seconds", "max_run_seconds", "deadline", "retry"];

type Retry = Pick<Control, "action" | "changes" | "text">;

export function retryChanges(call: Call, raw: Readonly<Record<string, unknown>>): Result<Retry> {
  const read = changesSchema.safeParse(raw);
  if (!read.success) {
    return refuse(
      "invalid",
      "changes of a retry: {task_description, context, priority, options}; context only with task_description.",
    );
  }
  const { task_description, context, options, priority } = read.data;
  if (context !== undefined && task_description === undefined) {
    return refuse(
      "invalid",
      "changes.context needs task_description too: together they are the new input.",
    );
  }
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

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
