/** What a task's worker is given of it: its description and context, wherever they lie. */
import * as z from "zod";
import type { TaskRecord } from "../domain/task.ts";
import type { Store } from "../store/store.ts";

const taskInput = z.strictObject({ task_description: z.string(), context: z.json().optional() });

/** Undefined where there is no such task, or it has no text of its own (a review). */
export async function inputOf(
  store: Store,
  task_id: string,
): Promise<z.infer<typeof taskInput> | undefined> {
  const payload = `${task_id}:payload`;
  const reply = await store.read([task_id, payload]);
  if ("refused" in reply) throw new Error("a read was refused");
  const { records, texts } = reply.said;
  const task = records.find((record): record is TaskRecord => "task_id" in record);
  const text = task && (await whole(store, { blob: task.payload_blob, inline: texts[payload] }));
  return text === undefined ? undefined : taskInput.parse(text);
}

/** A text beside a record, or in a blob where it is large; read as JSON. */
export async function whole(
  store: Store,
  { blob, inline }: { blob: string | undefined; inline: unknown },
): Promise<unknown> {
  if (blob === undefined) return inline;
  const [text] = await store.texts([{ blob }]);
  return text === undefined ? undefined : JSON.parse(text);
}
