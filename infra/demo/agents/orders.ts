/** What the Orchestrator asks of Baton: work queued, work followed to its end, results read. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { PlannedTask } from "../planning/briefs.ts";
import type { Baton } from "./baton-client.ts";

export interface Orders {
  /** Queues tasks as one run; answers with its id. */
  readonly workflow: (name: string, tasks: readonly PlannedTask[]) => Promise<string>;
  /** Resolves when every task of the run has ended. `needs` hears what needs a person. */
  readonly ended: (run_id: string, needs: (text: string) => void) => Promise<void>;
  /** What the worker submitted. Throws, with the task's own error, when the task did not complete. */
  readonly result: (task_id: string) => Promise<unknown>;
  /** All tasks of a run as Baton has them. */
  readonly tasks: (run_id: string) => Promise<readonly TaskState[]>;
}

export type TaskState = z.infer<typeof taskState>;

const createdRun = z.looseObject({ run_id: z.string() });
const taskState = z.looseObject({
  task_id: z.string(),
  title: z.string(),
  status: z.string(),
  attempt: z.int(),
});
const waited = z.looseObject({
  open: z.int(),
  cursor: z.string(),
  needs_you: z.array(z.looseObject({ text: z.string() })).default([]),
});
const page = z.looseObject({ tasks: z.array(taskState), more: z.string().optional() });
const piece = z.looseObject({ text: z.string(), next_offset: z.int().optional() });
const taskEnd = z.looseObject({
  status: z.string(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

export function ordersThrough(baton: Baton): Orders {
  const ask = async (tool: string, args: Record<string, unknown>) => {
    const reply = await baton.call(tool, args);
    if (!reply.ok) throw new Error(`${tool} was refused: ${reply.message}`);
    return reply.value;
  };
  return {
    workflow: async (name, tasks) => {
      const args = { name, tasks, idempotency_key: randomUUID() };
      return createdRun.parse(await ask("create_workflow", args)).run_id;
    },
    ended: async (run_id, needs) => {
      for (let cursor: string | undefined; ;) {
        const args = { run_id, ...(cursor === undefined ? {} : { cursor }) };
        const seen = waited.parse(await ask("wait_for_tasks", args));
        for (const { text } of seen.needs_you) needs(text);
        if (seen.open === 0) return;
        cursor = seen.cursor;
      }
    },
    result: async (task_id) => {
      const { status, result, error } = taskEnd.parse(await readWhole(ask, task_id));
      if (status === "completed") return result;
      throw new Error(`${task_id} ${status}${error ? `: ${error.message}` : ""}`);
    },
    tasks: async (run_id) => {
      const all: TaskState[] = [];
      for (;;) {
        const args = { run_id, detail: "full", offset: all.length };
        const { tasks, more } = page.parse(await ask("get_task_status", args));
        all.push(...tasks);
        if (more === undefined) return all;
      }
    },
  };
}

/** A task whose text is too long for one reply comes as pieces of its JSON. */
async function readWhole(
  ask: (tool: string, args: Record<string, unknown>) => Promise<unknown>,
  task_id: string,
): Promise<unknown> {
  const first = await ask("get_task_status", { task_id });
  let read = piece.safeParse(first);
  if (!read.success) return first;
  let text = "";
  for (;;) {
    text += read.data.text;
    const offset = read.data.next_offset;
    if (offset === undefined) return JSON.parse(text);
    read = piece.safeParse(await ask("get_task_status", { task_id, offset }));
    if (!read.success) throw new Error(`${task_id} could not be read on from ${offset}`);
  }
}
