/** One task: in brief, in full with its texts, or why it does not run. */
import * as z from "zod";
import { runOf } from "../domain/ids.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, refuse, type Result } from "../domain/refusal.ts";
import type { TaskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";
import type { TextName } from "../store/texts.ts";
import { awaitedChildren, readChildren } from "./children.ts";
import { notFound } from "./not-found.ts";
import { reviewFacts } from "./review-status.ts";
import { cutText, sizeOf } from "./reply-budget.ts";
import { whole } from "./task-input.ts";
import { type Circumstances, waiting } from "./waits-for.ts";
import { awaitedAmong } from "./why/children.ts";
import { readFacts } from "./why/read-facts.ts";
import { taskWhy } from "./why/task-why.ts";

export interface TaskStatusInput {
  readonly task_id: string;
  readonly detail: "brief" | "full" | "why";
  /** Where to read on in the full text, in characters. */
  readonly offset: number;
}

export interface TaskStatus {
  readonly [field: string]: unknown;
  readonly run_id: string;
  readonly status: string;
}

export async function taskStatus(
  store: Store,
  { task_id, detail, offset }: TaskStatusInput,
): Promise<Result<TaskStatus>> {
  if (detail === "why") return taskWithWhy(store, task_id);
  const late =
    detail === "full" ? ["payload", "notes", "schema"].map((name) => `${task_id}:${name}`) : [];
  const reply = await store.read([task_id, `${task_id}:result`, ...late]);
  if ("refused" in reply) throw new Error("a read was refused");
  const { records, texts, now } = reply.said;
  const task = records.find((record): record is TaskRecord => "task_id" in record);
  if (!task) return notFound("task", task_id);
  const about = { now, awaited: await awaitedChildren(store, [task]) };
  const inline = new Map(Object.entries(texts));
  const result = await whole(store, {
    blob: task.result_blob,
    inline: inline.get(`${task_id}:result`),
  });
  if (detail !== "full") {
    return fit(
      {
        ...head(task, about),
        ...shownResult(task, result),
      },
      offset,
    );
  }
  const payload = await whole(store, {
    blob: task.payload_blob,
    inline: inline.get(`${task_id}:payload`),
  });
  return fit(
    {
      ...head(task, about),
      ...facts(task),
      ...(await family(store, task)),
      ...(typeof payload === "object" && payload),
      ...(task.has_schema && { result_schema: inline.get(`${task_id}:schema`) }),
      ...(task.answers && { answers: task.answers }),
      ...(task.messages && {
        messages: task.messages.map(({ text, at, shown_at }) => ({
          text,
          seconds_ago: secondsBetween(at, now),
          ...(shown_at !== undefined && { shown_seconds_ago: secondsBetween(shown_at, now) }),
        })),
      }),
      ...(task.has_notes && { notes: inline.get(`${task_id}:notes`) }),
      ...(task.discarded_at !== undefined && {
        discarded: {
          seconds_ago: secondsBetween(task.discarded_at, now),
          ...(task.note !== undefined && { note: task.note }),
        },
      }),
      ...(task.late_results && { late_results: await lateResults(store, { task, now }) }),
      ...(await reviewFacts(store, task)),
      ...shownResult(task, result),
    },
    offset,
  );
}

/** The task as it was read for the explanation, so that both say the same. */
async function taskWithWhy(store: Store, task_id: string): Promise<Result<TaskStatus>> {
  const facts = await readFacts(store, { task_id });
  const task = facts.tasks.get(task_id);
  if (!task) return notFound("task", task_id);
  const awaited = new Map([[task_id, awaitedAmong(task, facts.tasks)]]);
  return ok({ ...head(task, { now: facts.now, awaited }), ...taskWhy(task, facts) });
}

/** A result that was sent back is not the task's result. */
function shownResult({ status }: TaskRecord, result: unknown): Record<string, unknown> {
  if (result === undefined) return {};
  return status === "completed" || status === "in_review"
    ? { result }
    : { rejected_result: result };
}

function head(task: TaskRecord, about: Circumstances): TaskStatus {
  const { now } = about;
  const lease = task.lease && !task.lease.ended ? task.lease : undefined;
  return {
    task_id: task.task_id,
    run_id: runOf(task.task_id),
    title: task.title,
    status: task.status,
    ...waiting(task, about),
    ...(task.question !== undefined && { question: task.question }),
    ...(lease && {
      agent_id: lease.agent_id,
      lease_seconds: Math.max(0, Math.floor((lease.until_ms - now) / 1000)),
    }),
    ...(task.progress !== undefined && { progress: task.progress }),
    ...(task.message && { message: task.message }),
    ...(task.error && { error: parse(task.error) }),
    ...(task.attempt > 0 && { attempt: task.attempt }),
  };
}

/** What it was delegated by, and what it has delegated. */
async function family(store: Store, task: TaskRecord): Promise<Record<string, unknown>> {
  const { parent, alone, delegation, delegated, children } = task;
  const below = children && (await readChildren(store, children));
  return {
    ...(parent !== undefined && { parent }),
    ...(alone && { alone }),
    ...(delegation && { delegation }),
    ...(delegated !== undefined && { delegated }),
    ...(below && {
      children: below.map((child) =>
        Object.assign(childLine(child), child.alone && { alone: true }),
      ),
    }),
  };
}

function childLine({ task_id, title, status }: TaskRecord): Record<string, unknown> {
  return { task_id, title, status };
}

function facts(task: TaskRecord): Record<string, unknown> {
  return {
    agent_type: task.agent_type,
    priority: task.priority,
    ...(task.requires && { requires: task.requires }),
    ...(task.assignee && { assignee: task.assignee }),
    ...(task.trigger_rule && { trigger_rule: task.trigger_rule }),
    ...(task.usage && { usage: task.usage }),
    ...(task.locks && { locks: task.locks }),
    ...(task.concurrency_key && {
      concurrency_key: task.concurrency_key,
      concurrency_limit: task.concurrency_limit ?? 1,
    }),
    ...(task.dependencies && {
      dependencies: task.dependencies.map(({ task_id, ended }) => ({
        task_id,
        ...(ended && { status: ended }),
      })),
    }),
    ...(task.attempts && {
      attempts: task.attempts.map(
        ({ attempt, agent_id, since, ended_at, outcome, error, message }) => ({
          attempt,
          agent_id,
          outcome,
          seconds: Math.round((ended_at - since) / 1000),
          ...(error && { error: parse(error) }),
          ...(message && { message }),
        }),
      ),
    }),
  };
}

const lateResult = z.strictObject({
  attempt: z.int(),
  agent_id: z.string(),
  at: z.int(),
  result: z.json().optional(),
  result_blob: z.string().optional(),
});

async function lateResults(
  store: Store,
  { task, now }: { task: TaskRecord; now: number },
): Promise<unknown[]> {
  const names = (task.late_results ?? []).map((attempt): TextName => ({
    field: `${task.task_id}:late:${attempt}`,
  }));
  const texts = await store.texts(names);
  const kept = texts.flatMap((text) => (text === undefined ? [] : [lateResult.parse(parse(text))]));
  return Promise.all(
    kept.map(async ({ attempt, agent_id, at, result, result_blob }) => ({
      attempt,
      agent_id,
      seconds_ago: secondsBetween(at, now),
      result: await whole(store, { blob: result_blob, inline: result }),
    })),
  );
}

function secondsBetween(at: number, now: number): number {
  return Math.max(0, Math.round((now - at) / 1000));
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

/** A reply that is too long goes out as its JSON text, a piece at a time; as text it is quoted once more. */
function fit(status: TaskStatus, offset: number): Result<TaskStatus> {
  if (offset === 0 && sizeOf(status) <= LIMITS.reply_bytes) return ok(status);
  const text = JSON.stringify(steadyFirst(status));
  if (offset >= text.length) {
    return refuse("invalid", `offset ${offset} is past the end (${text.length} characters).`);
  }
  const piece = cutText(text.slice(offset), LIMITS.reply_bytes * 0.75);
  const next = offset + piece.length;
  return ok({
    task_id: status["task_id"],
    run_id: status.run_id,
    status: status.status,
    ...(next < text.length && { next_offset: next }),
    text: piece,
  });
}

/** What may change while somebody reads on, such as the seconds left, must not move the rest. */
function steadyFirst({ task_description, context, result, ...rest }: TaskStatus): unknown {
  return { task_description, context, result, ...rest };
}
