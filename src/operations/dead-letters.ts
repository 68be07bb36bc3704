/** Dead letters: failed tasks that nobody has dealt with, grouped by error code. */
import * as z from "zod";
import { ok, type Result } from "../domain/refusal.ts";
import type { TaskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";
import { type TaskLine, taskLine } from "./task-line.ts";

export interface DeadLetterInput {
  readonly agent_type: string | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface DeadLetters {
  readonly [field: string]: unknown;
  readonly tasks: TaskLine[];
  /** How many there are of each error code. */
  readonly groups?: { code: string; count: number }[];
  readonly cursor?: string;
}

export async function deadLetters(
  store: Store,
  { agent_type, limit, cursor }: DeadLetterInput,
): Promise<Result<DeadLetters>> {
  const reply = await store.deadLetters({ limit, ...(cursor !== undefined && { after: cursor }) });
  if ("refused" in reply) throw new Error("a listing was refused");
  const { records, groups, next, now } = reply.said;
  const tasks = records
    .filter((task) => agent_type === undefined || task.agent_type === agent_type)
    .map((task): TaskLine => Object.assign(taskLine(task, { now }), causeOf(task)));
  return ok({
    tasks,
    ...(groups.length > 0 && { groups }),
    ...(next !== null && { cursor: next }),
  });
}

function causeOf({ error_code, error, attempt }: TaskRecord): Record<string, unknown> {
  const said =
    error === undefined
      ? undefined
      : z.looseObject({ message: z.string() }).parse(JSON.parse(error));
  return {
    code: error_code,
    attempt,
    ...(said && { error: said.message.slice(0, 200).toWellFormed() }),
  };
}
