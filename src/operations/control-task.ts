/** Steers tasks: cancel, retry or discard dead letters, answer, message, promote a late result, set a priority. */
import * as z from "zod";
import { parseRunId, parseTaskId } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import { ORCHESTRATORS } from "../domain/role.ts";
import type { Control, Identified } from "../store/steering.ts";
import type { CancelRun } from "../store/store.ts";
import { checkLateResults } from "./check-late-results.ts";
import { idempotencyKey, jsonObject, runId, taskId } from "./fields.ts";
import { keyUsedOtherwise } from "./key-used-otherwise.ts";
import { notFound } from "./not-found.ts";
import { type Call, defineOperation } from "./operation.ts";
import { fingerprint } from "./random-name.ts";
import { retryChanges } from "./retry-changes.ts";

const ACTIONS = [
  "cancel",
  "retry",
  "discard",
  "answer",
  "message",
  "promote_late_result",
  "set_priority",
] as const;

const input = z.strictObject({
  action: z.enum(ACTIONS),
  task_ids: z.array(taskId).min(1).max(LIMITS.control_tasks).optional(),
  run_id: runId.optional(),
  error_code: z.string().min(1).max(LIMITS.error_code_length).optional(),
  text: z.string().optional(),
  changes: jsonObject.optional(),
  idempotency_key: idempotencyKey.optional(),
});

type Input = z.infer<typeof input>;

export const controlTask = defineOperation({
  name: "control_task",
  roles: ORCHESTRATORS,
  input,
  output: z.looseObject({
    changed: z.array(z.string()),
    refused: z.array(z.looseObject({ task_id: z.string(), reason: z.string() })).optional(),
    more: z.string().optional(),
  }),
  run: async (call, input) => {
    const targets = targetsOf(input);
    if (!targets.ok) return targets;
    const identity = await identityOf(call, input);
    if ("run_id" in targets.value) return cancelRun(call, { ...targets.value, ...identity });
    const prepared = await prepare(call, input);
    if (!prepared.ok) return prepared;
    // A blob belongs to one task, with which it is removed.
    if (
      prepared.value.changes?.payload_blob !== undefined &&
      targets.value.task_ids?.length !== 1
    ) {
      return refuse(
        "too_large",
        `A new input of more than ${LIMITS.inline_bytes} bytes is for one task at a time: give its task_ids.`,
        { limit: LIMITS.inline_bytes },
      );
    }
    const reply = await call.services.store.control({
      ...prepared.value,
      ...targets.value,
      ...(input.action === "promote_late_result" && {
        late: await checkLateResults(call.services.store, targets.value.task_ids ?? []),
      }),
      ...identity,
      limit: LIMITS.control_tasks,
    });
    if ("refused" in reply) return keyUsedOtherwise();
    const { changed, refused, more } = reply.said;
    return ok({
      changed,
      ...(refused.length > 0 && { refused }),
      ...(more && { more: `That was not all of them: call again${otherwise(input)}.` }),
    });
  },
});

/** The same key would have the same reply once more. */
function otherwise({ idempotency_key }: Input): string {
  return idempotency_key === undefined ? "" : ", with another idempotency_key";
}

/** The caller's key counts for control alone: `create_task` may use the same. */
async function identityOf(
  { operation_id }: Call,
  { idempotency_key, ...body }: Input,
): Promise<Identified> {
  if (idempotency_key === undefined) return { operation_id };
  return {
    operation_id: `key:control:${await fingerprint(idempotency_key)}`,
    fingerprint: await fingerprint(body),
  };
}

type Targets = Pick<Control, "task_ids" | "error_code"> | { readonly run_id: string };

function targetsOf({ task_ids, run_id, error_code, action }: Input): Result<Targets> {
  const given = [task_ids, run_id, error_code].filter((target) => target !== undefined);
  if (given.length !== 1) {
    return refuse("invalid", "Say which tasks: give one of task_ids, run_id and error_code.");
  }
  if (error_code !== undefined) {
    return action === "retry" || action === "discard"
      ? ok({ error_code })
      : refuse("invalid", "error_code goes with retry and discard only; give task_ids.");
  }
  if (run_id !== undefined) {
    if (action !== "cancel")
      return refuse("invalid", "run_id goes with cancel only; give task_ids.");
    return parseRunId(run_id) === undefined ? notFound("run", run_id) : ok({ run_id });
  }
  const unknown = (task_ids ?? []).find((id) => !parseTaskId(id));
  return unknown === undefined
    ? ok({ task_ids: [...new Set(task_ids)] })
    : notFound("task", unknown);
}

async function cancelRun(
  { services: { store } }: Call,
  target: CancelRun,
): Promise<Result<{ changed: string[]; more?: string }>> {
  const reply = await store.cancelRun(target);
  if ("refused" in reply) {
    return reply.refused.refused === "not_found"
      ? notFound("run", target.run_id)
      : keyUsedOtherwise();
  }
  const { changed, more } = reply.said;
  const rest = `Nothing of ${target.run_id} is handed out any more; its other open tasks end by themselves.`;
  return ok({ changed, ...(more && { more: rest }) });
}

type Prepared = Omit<Control, keyof Identified | "limit" | "task_ids" | "error_code">;

/** Characters of `text`, where the action takes one. */
const TEXT_LENGTHS: ReadonlyMap<Input["action"], number> = new Map([
  ["answer", LIMITS.answer_length],
  ["message", LIMITS.message_length],
  ["discard", LIMITS.note_length],
]);

async function prepare(
  call: Call,
  { action, text, changes, task_ids = [] }: Input,
): Promise<Result<Prepared>> {
  const limit = TEXT_LENGTHS.get(action) ?? LIMITS.answer_length;
  if (text !== undefined && text.length > limit) {
    const said = `text has ${text.length} characters; ${action} takes at most ${limit}.`;
    return refuse("too_large", said, { parameters: ["text"], limit });
  }
  switch (action) {
    case "answer":
    case "message":
      return saying(action, { text, task_ids });
    case "retry":
      return retryChanges(call, { raw: changes ?? {}, task_ids });
    case "discard":
      return ok({ action, text: "", ...(text !== undefined && { note: text }) });
    case "set_priority": {
      const read = z.strictObject({ priority: z.int().min(0).max(9) }).safeParse(changes);
      return read.success
        ? ok({ action, text: "", priority: read.data.priority })
        : refuse("invalid", "set_priority needs changes: {priority: 0 to 9}.");
    }
    default:
      return ok({ action, text: "" });
  }
}

/** One answer is to one question; a message may go to many. */
function saying(
  action: "answer" | "message",
  { text = "", task_ids }: { text: string | undefined; task_ids: readonly string[] },
): Result<Prepared> {
  if (action === "answer" && new Set(task_ids).size > 1) {
    return refuse("invalid", "answer is for one question: give one of task_ids at a time.");
  }
  const said = text.trim();
  if (said === "") {
    const what = action === "answer" ? "the answer" : "what its worker should know";
    return refuse("invalid", `${action} needs text: ${what}.`);
  }
  return ok({ action, text: "", said });
}
