/** Ends a worker's attempt, and hands it the next task where it asks for one. */
import * as z from "zod";
import { type Category, category } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import { AGENTS } from "../domain/role.ts";
import type { HeldLease } from "../store/held-lease.ts";
import type { Submission } from "../store/store.ts";
import { submitChecked } from "./check-result.ts";
import { lease, taskId } from "./fields.ts";
import { handedOut, handOut } from "./hand-out.ts";
import { readLease } from "./lease-refusal.ts";
import { notices, sayNotices } from "./notices.ts";
import { type Call, defineOperation } from "./operation.ts";
import { freshChecks } from "./poll-tasks.ts";
import { randomName } from "./random-name.ts";
import { stillHeld } from "./still-held.ts";
import { bytesOf } from "./text.ts";
import { readUsage } from "./usage.ts";

const taskError = z.strictObject({
  message: z.string().trim().min(1),
  code: z.string().trim().min(1).max(LIMITS.error_code_length).optional(),
  category: category.optional(),
  retry_after_seconds: z.int().min(0).max(LIMITS.deadline_seconds_cap).optional(),
  details: z.json().optional(),
});

/** What a failure is that says no more than what went wrong. */
const DEFAULT_CATEGORY: Category = "agent_error";

const input = z.strictObject({
  lease,
  status: z.enum(["completed", "failed", "waiting", "needs_input", "released"]),
  result: z.json().optional(),
  error: taskError.optional(),
  question: z.string().optional(),
  poll_next: z.boolean().optional(),
  task_id: taskId.optional(),
  usage: z.json().optional(),
});

type Input = z.infer<typeof input>;

export const submitResult = defineOperation({
  name: "submit_result",
  roles: AGENTS,
  input,
  output: z.looseObject({
    task_id: z.string(),
    status: z.string(),
    note: z.string().optional(),
    reviewed: z.looseObject({ task_id: z.string(), status: z.string() }).optional(),
    next: z.array(handedOut).optional(),
    notices,
  }),
  run: async (call, input) => {
    const held = readLease(input.lease, call.caller);
    if (!held.ok) return held;
    const submission = prepare(call, { input, lease: held.value });
    if (!submission.ok) {
      const { refusal } = submission;
      return stillHeld(call.services.store, { lease: held.value, refusal });
    }
    const submitted = await submitChecked(call.services.store, submission.value);
    if (!submitted.ok) return submitted;
    const { status, kept, reviewed, tasks = [], now } = submitted.value;
    const told = sayNotices(submitted.value.notices);
    const next = await handOut(call.services.store, { tasks, now, beside: told });
    const note = "This lease had ended otherwise before; your result was kept as a late result.";
    return ok({
      task_id: held.value.task_id,
      status,
      ...(kept && { note }),
      ...(reviewed && { reviewed }),
      ...(next.length > 0 && { next }),
      ...told,
    });
  },
});

function prepare(
  call: Call,
  { input, lease }: { input: Input; lease: HeldLease },
): Result<Submission> {
  const { status, error } = input;
  const usage = readUsage(input.usage);
  if (!usage.ok) return usage;
  if (input.task_id !== undefined && ![lease.task_id, input.lease].includes(input.task_id)) {
    return refuse(
      "invalid",
      `task_id ${input.task_id} is not the lease's task (${lease.task_id}): send the lease of the task you mean.`,
    );
  }
  if (status === "failed" && !error) {
    return refuse(
      "invalid",
      'failed needs error: {message: "what went wrong"}. You still hold the task.',
    );
  }
  const asked = readQuestion(input);
  if (!asked.ok) return asked;
  const result = input.result === undefined ? "" : JSON.stringify(input.result);
  const bytes = bytesOf(result);
  const limit = status === "completed" ? LIMITS.payload_bytes : LIMITS.notes_bytes;
  if (bytes > limit) {
    return refuse(
      "too_large",
      `result has ${bytes} bytes; with ${status} at most ${limit} are allowed: put it elsewhere and submit its address. You still hold the task.`,
      {
        parameters: ["result"],
        limit,
      },
    );
  }
  const errorText = error && JSON.stringify({ category: DEFAULT_CATEGORY, ...error });
  if (errorText !== undefined && bytesOf(errorText) > LIMITS.error_bytes) {
    return refuse(
      "too_large",
      `error has ${bytesOf(errorText)} bytes; at most ${LIMITS.error_bytes} are allowed. You still hold the task.`,
      {
        parameters: ["error"],
        limit: LIMITS.error_bytes,
      },
    );
  }
  return ok({
    lease,
    result,
    submit: {
      status,
      result_bytes: bytes,
      blob:
        status === "completed" && bytes > LIMITS.inline_bytes
          ? randomName(call.services.random)
          : "",
      ...asked.value,
      ...(errorText !== undefined && { error: errorText }),
      ...(error && {
        error_code: error.code ?? error.category ?? DEFAULT_CATEGORY,
        category: error.category ?? DEFAULT_CATEGORY,
        retry_after_ms: (error.retry_after_seconds ?? 0) * 1000,
      }),
      ...(usage.value.length > 0 && { usage: usage.value }),
    },
    ...(input.poll_next && {
      agent: { key_id: lease.key_id, max_tasks: 1, lease_seconds: 0, wait_ms: 0 },
      checks: freshChecks(call, 1),
    }),
  });
}

/** A question goes with needs_input, and only with it: elsewhere nobody would read it. */
function readQuestion({ status, question = "" }: Input): Result<{ question?: string }> {
  if (status !== "needs_input" && question === "") return ok({});
  const length = question.trim().length;
  if (status !== "needs_input") {
    return refuse(
      "invalid",
      `question goes with needs_input, not with ${status}: leave it out, or submit needs_input. You still hold the task.`,
    );
  }
  if (length === 0 || length > LIMITS.question_length) {
    return refuse(
      "invalid",
      `needs_input needs question: what somebody has to answer before you can go on, in at most ${LIMITS.question_length} characters; given ${length}. You still hold the task.`,
      { parameters: ["question"], limit: LIMITS.question_length },
    );
  }
  return ok({ question: question.trim() });
}
