/** What the server says of every task once all is over, asked through the same tools that everybody has. */
import { z } from "zod";
import { type Ask, said } from "../crew/people.ts";
import type { Body } from "../seen-call.ts";

const finalTask = z.looseObject({
  task_id: z.string(),
  title: z.string(),
  status: z.string(),
  agent_type: z.string(),
  attempt: z.int().optional(),
  waits_for: z.string().optional(),
  open_children: z.string().optional(),
  lease_seconds: z.int().optional(),
  locks: z.array(z.string()).optional(),
  concurrency_key: z.string().optional(),
  concurrency_limit: z.int().optional(),
  why: z.string().optional(),
  parent: z.string().optional(),
  /** Nobody waits for it. */
  alone: z.boolean().optional(),
  delegation: z
    .looseObject({
      agent_types: z.array(z.string()).optional(),
      max_depth: z.int(),
      max_tasks: z.int(),
    })
    .optional(),
  result: z.json().optional(),
  dependencies: z.array(z.looseObject({ task_id: z.string() })).optional(),
  trigger_rule: z.string().optional(),
  review: z.looseObject({ max_rounds: z.int(), threshold: z.number() }).optional(),
  attempts: z.array(z.looseObject({ attempt: z.int(), outcome: z.string() })).optional(),
  late_results: z.array(z.looseObject({ attempt: z.int(), result: z.json() })).optional(),
});

export type FinalTask = z.infer<typeof finalTask>;

const finalBreaker = z.looseObject({
  of: z.string(),
  state: z.string(),
  probe: z.string().optional(),
});

export interface FinalState {
  readonly tasks: ReadonlyMap<string, FinalTask>;
  readonly breakers: readonly z.infer<typeof finalBreaker>[];
}

const page = z.looseObject({
  tasks: z.array(z.looseObject({ task_id: z.string() })),
  cursor: z.string().optional(),
});

const cut = z.looseObject({ text: z.string(), next_offset: z.int().optional() });

/** Statuses in which a task waits for nothing more. */
export const TERMINAL = new Set(["completed", "failed", "cancelled", "skipped"]);

export async function readFinalState(ask: Ask): Promise<FinalState> {
  const tasks = new Map<string, FinalTask>();
  let cursor: string | undefined;
  do {
    const list = page.parse(
      await said(ask, "list_tasks", { limit: 200, ...(cursor && { cursor }) }),
    );
    for (const { task_id } of list.tasks) {
      const task = finalTask.parse(await whole(ask, task_id));
      if (TERMINAL.has(task.status)) tasks.set(task_id, task);
      else {
        const { why } = await said(ask, "get_task_status", { task_id, detail: "why" });
        tasks.set(task_id, finalTask.parse({ ...task, why }));
      }
    }
    cursor = list.cursor;
  } while (cursor !== undefined);
  const { breakers = [] } = await said(ask, "list_agents", {});
  return { tasks, breakers: z.array(finalBreaker).parse(breakers) };
}

/** A long answer comes in pieces of its JSON text. */
async function whole(ask: Ask, task_id: string): Promise<Body> {
  const read = async (offset: number): Promise<Body> =>
    said(ask, "get_task_status", { task_id, detail: "full", offset });
  const first = await read(0);
  if (!("text" in first)) return first;
  let { text, next_offset } = cut.parse(first);
  while (next_offset !== undefined) {
    const piece = cut.parse(await read(next_offset));
    text += piece.text;
    next_offset = piece.next_offset;
  }
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}
