/** What a caller waits for: a run with all its tasks, or some tasks by name. */
import { parseRunId, parseTaskId, runOf } from "../../domain/ids.ts";
import { LIMITS } from "../../domain/limits.ts";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { notFound } from "../not-found.ts";
import { type Cursor, parseCursor } from "./cursor.ts";

export interface Target {
  readonly runs: readonly string[];
  /** Absent where the one run is meant as a whole. */
  readonly task_ids?: readonly string[];
}

interface Asked {
  readonly run_id?: string | undefined;
  readonly task_ids?: readonly string[] | undefined;
  readonly cursor?: string | undefined;
}

export function readTarget({
  run_id,
  task_ids,
  cursor,
}: Asked): Result<{ target: Target; since: Cursor | undefined }> {
  if ((run_id === undefined) === (task_ids === undefined)) {
    return refuse("invalid", "Give either run_id or task_ids.");
  }
  if (run_id !== undefined && parseRunId(run_id) === undefined) return notFound("run", run_id);
  const wrong = task_ids?.find((id) => parseTaskId(id) === undefined);
  if (wrong !== undefined) return notFound("task", wrong);
  const named = task_ids && [...new Set(task_ids)];
  if (named && named.length > LIMITS.wait_tasks) {
    return refuse("limit", `One call waits for at most ${LIMITS.wait_tasks} tasks: give run_id.`);
  }
  const runs = named ? [...new Set(named.map(runOf))] : [run_id ?? ""];
  const since = cursor === undefined ? undefined : parseCursor(cursor, runs.length);
  if (cursor !== undefined && !since) {
    return refuse(
      "invalid",
      "cursor is none that wait_for_tasks gave for these: send the last one as it is, or none.",
    );
  }
  return ok({ target: { runs, ...(named && { task_ids: named }) }, since });
}
