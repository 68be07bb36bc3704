/** Sees whether the late results that somebody wants to promote fit the schemas of their tasks. */
import * as z from "zod";
import { misfits, sentence } from "../domain/schema-fit.ts";
import type { TaskRecord } from "../domain/task.ts";
import type { CheckedLateResults } from "../store/steering.ts";
import type { Store } from "../store/store.ts";

const jsonObject = z.record(z.string(), z.json());
const late = z.looseObject({ result: z.json().optional(), result_blob: z.string().optional() });

/** Large results that are read at once: a Worker has room for some megabytes, and may make 50 requests. */
const BLOBS = 20;

export async function checkLateResults(
  store: Store,
  task_ids: readonly string[],
): Promise<CheckedLateResults> {
  const reply = await store.read(task_ids);
  if ("refused" in reply) throw new Error("a read was refused");
  const tasks = reply.said.records.filter((record): record is TaskRecord => "task_id" in record);
  const asked = tasks.flatMap(({ task_id, has_schema, late_results = [] }) => {
    const attempt = late_results.at(-1);
    return has_schema && attempt !== undefined ? [{ task_id, attempt }] : [];
  });
  const texts = await store.texts(
    asked.flatMap(({ task_id, attempt }) => [
      { field: `${task_id}:schema` },
      { field: `${task_id}:late:${attempt}` },
    ]),
  );
  const found = asked.flatMap(({ task_id, attempt }, index) => {
    const [schema, text] = [texts[2 * index], texts[2 * index + 1]];
    // A later one may have taken its place just now: the script says so.
    if (schema === undefined || text === undefined) return [];
    const read = late.parse(JSON.parse(text));
    return [{ task_id, attempt, schema: jsonObject.parse(JSON.parse(schema)), late: read }];
  });
  const fit: Record<string, number> = {};
  const unfit: Record<string, string> = {};
  for (let first = 0; first < found.length; first += BLOBS) {
    const some = found.slice(first, first + BLOBS);
    const blobs = await readBlobs(
      store,
      some.map(({ late }) => late.result_blob),
    );
    for (const { task_id, attempt, schema, late } of some) {
      const { result = null, result_blob } = late;
      const whole = result_blob === undefined ? result : parse(blobs.get(result_blob));
      const problems = misfits(schema, whole);
      if (problems.length === 0) fit[task_id] = attempt;
      else unfit[task_id] = `its late result does not fit. ${sentence(problems)}`;
    }
  }
  return { fit, unfit };
}

async function readBlobs(
  store: Store,
  named: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const names = named.filter((name) => name !== undefined);
  const texts = await store.texts(names.map((blob) => ({ blob })));
  return new Map(names.map((name, index) => [name, texts[index]]));
}

function parse(text: string | undefined): unknown {
  return text === undefined ? null : JSON.parse(text);
}
