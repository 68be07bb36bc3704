/** A run with its tasks, a page at a time. */
import { LIMITS } from "../domain/limits.ts";
import { ok, type Result } from "../domain/refusal.ts";
import type { RunRecord, TaskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";
import { isTerminal } from "../domain/lifecycle.ts";
import { runOf } from "../domain/ids.ts";
import { awaitedChildren } from "./children.ts";
import { notFound } from "./not-found.ts";
import { fitting } from "./reply-budget.ts";
import { type Circumstances, waiting } from "./waits-for.ts";
import { readFacts } from "./why/read-facts.ts";
import { runWhy } from "./why/run-why.ts";

export interface RunStatusInput {
  readonly run_id: string;
  readonly detail: "brief" | "full" | "why";
  /** How many tasks to pass over. */
  readonly offset: number;
}

export interface RunStatus {
  readonly [field: string]: unknown;
  readonly run_id: string;
  readonly status: string;
}

export async function runStatus(
  store: Store,
  { run_id, detail, offset }: RunStatusInput,
): Promise<Result<RunStatus>> {
  if (detail === "why") return runWithWhy(store, { run_id, offset });
  const reply = await store.read([run_id], { run_id, from: offset + 1, count: LIMITS.list_cap });
  if ("refused" in reply) throw new Error("a read was refused");
  const { records, now } = reply.said;
  const run = records.find((record): record is RunRecord => !("task_id" in record));
  if (!run) return notFound("run", run_id);
  const tasks = records.filter((record): record is TaskRecord => "task_id" in record);
  const awaited = await awaitedChildren(store, tasks);
  const shown = fitting(
    tasks.map((task) => brief(task, { now, awaited, detail })),
    LIMITS.reply_bytes,
  );
  const end = offset + shown.length;
  return ok({
    run_id,
    ...(run.name && { name: run.name }),
    status: run.status,
    ...(run.ended_at !== undefined && { summary: summaryOf(run, run.ended_at) }),
    ...(run.ended_at === undefined && detail !== "brief" && progressOf(run)),
    ...(detail !== "brief" && { created_seconds_ago: ago(run.created_at, now) }),
    tasks: shown,
    ...(end < run.tasks && { more: `${run.tasks - end} more: offset ${end}` }),
  });
}

async function runWithWhy(
  store: Store,
  { run_id, offset }: { run_id: string; offset: number },
): Promise<Result<RunStatus>> {
  const facts = await readFacts(store, { run_id, from: offset + 1 });
  const run = facts.runs.get(run_id);
  if (!run) return notFound("run", run_id);
  const open = [...facts.tasks.values()].filter(
    (task) => runOf(task.task_id) === run_id && !isTerminal(task.status),
  );
  const looked = offset + LIMITS.audit_run_tasks;
  return ok({
    run_id,
    ...(run.name && { name: run.name }),
    status: run.status,
    ...(run.ended_at === undefined
      ? progressOf(run)
      : { summary: summaryOf(run, run.ended_at), why: `It has ended as ${run.status}.` }),
    ...(open.length > 0 && { causes: runWhy(open, facts) }),
    ...(open.length < facts.open && { note: `Only ${open.length} open tasks were looked at.` }),
    ...(looked < run.tasks && { more: `${run.tasks - looked} more tasks: offset ${looked}` }),
  });
}

/** What came of a run: how many tasks ended how, how long it took from its creation on, what it used up. */
function summaryOf(run: RunRecord, ended_at: number): Record<string, unknown> {
  return {
    ...countsOf(run),
    seconds: Math.round((ended_at - run.created_at) / 1000),
    ...(run.usage && { usage: run.usage }),
  };
}

function progressOf(run: RunRecord): Record<string, unknown> {
  const { open, running, usage } = run;
  return { open, running, ...countsOf(run), ...(usage && { usage }) };
}

function countsOf({ counts }: RunRecord): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function brief(
  task: TaskRecord,
  { detail, ...about }: Circumstances & { detail: string },
): Record<string, unknown> {
  return {
    task_id: task.task_id,
    title: task.title,
    status: task.status,
    ...waiting(task, about),
    ...(detail !== "brief" && { agent_type: task.agent_type, attempt: task.attempt }),
    ...(detail !== "brief" && task.lease && !task.lease.ended && { agent_id: task.lease.agent_id }),
  };
}

function ago(time: number, now: number): number {
  return Math.max(0, Math.round((now - time) / 1000));
}
