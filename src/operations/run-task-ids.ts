/** The tasks of a run that an action can still concern. */
import { isTerminal } from "../domain/lifecycle.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, type Result } from "../domain/refusal.ts";
import type { RunRecord, TaskRecord } from "../domain/task.ts";
import { notFound } from "./not-found.ts";
import type { Call } from "./operation.ts";

/** At most as many as one control call takes, the later ones first: a dependent then ends before what it waits for. */
export async function runTaskIds(
  { services: { store } }: Call,
  run_id: string,
): Promise<Result<{ run_id: string; task_ids: string[]; more: boolean }>> {
  const open: string[] = [];
  let run: RunRecord | undefined;
  for (let from = 1; from === 1 || (run && from <= run.tasks); from += LIMITS.list_cap) {
    const reply = await store.read([run_id], { run_id, from, count: LIMITS.list_cap });
    if ("refused" in reply) throw new Error("a read was refused");
    run = reply.said.records.find((record): record is RunRecord => !("task_id" in record));
    if (!run) return notFound("run", run_id);
    const tasks = reply.said.records.filter((record): record is TaskRecord => "task_id" in record);
    open.push(...tasks.filter(({ status }) => !isTerminal(status)).map(({ task_id }) => task_id));
  }
  return ok({
    run_id,
    task_ids: open.toReversed().slice(0, LIMITS.control_tasks),
    more: open.length > LIMITS.control_tasks,
  });
}
