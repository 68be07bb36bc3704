/** Sees whether the late results that somebody wants to promote fit the schemas of their tasks. */
import * as z from "zod";
import { misfits, sentence } from "../domain/schema-fit.ts";
import type { TaskRecord } from "../domain/task.ts";
import type { CheckedLateResults } from "../store/steering.ts";
import type { Store } from "../store/store.ts";
import type { TextName } from "../store/texts.ts";

const jsonObject = z.record(z.string(), z.json());
const late = z.looseObject({ result: z.json().optional(), result_blob: z.string().optional() });

export async function checkLateResults(
  store: Store,
  task_ids: readonly string[],
): Promise<CheckedLateResults> {
  const reply = await store.read(task_ids);
  if ("refused" in reply) throw new Error("a read was refused");
  const tasks = reply.said.records.filter((record): record is TaskRecord => "task_id" in record);
  const fit: Record<string, number> = {};
  const unfit: Record<string, string> = {};
  for (const { task_id, has_schema, late_results = [] } of tasks) {
    const attempt = late_results.at(-1);
    if (!has_schema || attempt === undefined) continue;
    const problems = await problemsOf(store, { task_id, attempt });
    if (problems.length === 0) fit[task_id] = attempt;
    else unfit[task_id] = `its late result does not fit. ${sentence(problems)}`;
  }
  return { fit, unfit };
}

async function problemsOf(
  store: Store,
  { task_id, attempt }: { task_id: string; attempt: number },
): Promise<string[]> {
  const [schema, text] = await store.texts([
    { field: `${task_id}:schema` },
    { field: `${task_id}:late:${attempt}` },
  ]);
  const { result = null, result_blob } = late.parse(parse(text));
  const whole = result_blob === undefined ? result : await blob(store, { blob: result_blob });
  return misfits(jsonObject.parse(parse(schema)), whole);
}

async function blob(store: Store, name: TextName): Promise<unknown> {
  const [text] = await store.texts([name]);
  return parse(text);
}

function parse(text: string | undefined): unknown {
  return text === undefined ? null : JSON.parse(text);
}
