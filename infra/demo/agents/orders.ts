/** What the Orchestrator asks of Baton: work queued, work followed to its end, results read. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { PlannedTask } from "../planning/briefs.ts";
import type { Baton } from "./baton-client.ts";

export interface Orders {
  /** Queues one task; answers with its id. */
  readonly task: (task: Omit<PlannedTask, "key">) => Promise<string>;
  /** Queues tasks as one run. */
  readonly workflow: (name: string, tasks: readonly PlannedTask[]) => Promise<Workflow>;
  /** Resolves when the task, or every task of the run, has ended. */
  readonly ended: (of: { task_id: string } | { run_id: string }) => Promise<void>;
  /** What the worker submitted. Throws, with the task's own error, when the task did not complete. */
  readonly result: (task_id: string) => Promise<unknown>;
  /** All tasks of a run as Baton has them. */
  readonly tasks: (run_id: string) => Promise<readonly TaskState[]>;
}

interface Workflow {
  readonly run_id: string;
  /** Baton numbers a workflow's tasks in their order. */
  readonly taskId: (key: string) => string;
}

type TaskState = z.infer<typeof taskState>;

/** Between two looks at work that is under way. */
const LOOK_MS = 400;
const ENDED = new Set(["completed", "failed", "cancelled", "skipped"]);

const created = z.looseObject({ task_id: z.string() });
const createdRun = z.looseObject({ run_id: z.string() });
const state = z.looseObject({ status: z.string() });
const taskState = z.looseObject({ task_id: z.string(), status: z.string(), attempt: z.int() });
const page = z.looseObject({ tasks: z.array(taskState), more: z.string().optional() });
const piece = z.looseObject({ text: z.string(), next_offset: z.int().optional() });
const taskEnd = z.looseObject({
  status: z.string(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

/** `lease_seconds` is asked for on every task. */
export function ordersThrough(baton: Baton, lease_seconds: number): Orders {
  const ask = async (tool: string, args: Record<string, unknown>) => {
    const reply = await baton.call(tool, args);
    if (!reply.ok) throw new Error(`${tool} was refused: ${reply.message}`);
    return reply.value;
  };
  const options = { lease_seconds };
  const once = () => ({ options, idempotency_key: randomUUID() });
  return {
    task: async (task) => created.parse(await ask("create_task", { ...task, ...once() })).task_id,
    workflow: async (name, tasks) => {
      const reply = await ask("create_workflow", { name, tasks, ...once() });
      const { run_id } = createdRun.parse(reply);
      const numbers = new Map(tasks.map(({ key }, index) => [key, index + 1]));
      return { run_id, taskId: (key) => `${run_id}t${numbers.get(key)}` };
    },
    ended: async (of) => {
      const over = (status: string) => ("task_id" in of ? ENDED.has(status) : status !== "active");
      while (!over(state.parse(await ask("get_task_status", of)).status)) await pause(LOOK_MS);
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
