/** Locks and concurrency keys: nothing is held by two, or by what does not run, and nobody waits for nothing. */
import * as z from "zod";
import { isTerminal } from "../../../src/domain/lifecycle.ts";
import { overlap, ownNodes } from "../../../src/domain/locks.ts";
import { TIMER_OFFSET } from "../../../src/domain/order.ts";
import type { TaskRecord } from "../../../src/domain/task.ts";
import { type Books, memberOf } from "./books.ts";

const turn = z.strictObject({
  task_id: z.string(),
  order: z.int(),
  until_ms: z.int().optional(),
});

const node = z.strictObject({
  held: z.array(z.string()).min(1).optional(),
  late: z.array(z.string()).min(1).optional(),
  turns: z.array(turn).min(1).optional(),
  waiting: z.literal(true).optional(),
  due: z.int().optional(),
});

type Node = z.infer<typeof node>;

function readNodes({ dump }: Pick<Books, "dump">): Map<string, Node> {
  const fields = Object.entries(dump.hashes["locks"] ?? {});
  return new Map(fields.map(([name, text]) => [name, node.parse(JSON.parse(text))]));
}

/** Where in the line a look at the waiters of each node stands. */
export function lookPlaces(books: Pick<Books, "dump">): Map<string, number> {
  const places = new Map<string, number>();
  for (const [name, { waiting, due, turns = [] }] of readNodes(books)) {
    const times = [due, ...turns.map(({ until_ms }) => until_ms)].filter((at) => at !== undefined);
    if (waiting && times.length > 0)
      places.set(`unpark:${name}`, Math.min(...times) - TIMER_OFFSET);
  }
  return places;
}

export function checkLocks(books: Books): void {
  const nodes = readNodes(books);
  const tasks = [...books.tasks.values()];
  for (const [name, content] of nodes) checkNode({ name, content }, books);
  for (const task of tasks) {
    if (task.status === "running") checkHeld({ task, nodes }, books);
    if (task.parked !== undefined) checkParked({ task, parked: task.parked, nodes }, books);
  }
  checkOverlaps(tasks, books);
  checkWaiters(tasks, books);
}

function checkNode(
  { name, content }: { name: string; content: Node },
  { tasks, fault }: Books,
): void {
  const { held = [], late = [], turns = [], waiting, due } = content;
  if (Object.keys(content).length === 0) fault(`${name} is stored for nothing`);
  if (waiting && !content.held && !content.turns && due === undefined) {
    fault(`nobody looks at the waiters of ${name}`);
  }
  const listed = (id: string): TaskRecord | undefined => {
    const task = tasks.get(id);
    return task && ownNodes(task).includes(name) ? task : undefined;
  };
  for (const id of held) {
    if (listed(id)?.status !== "running") fault(`${name} is held by ${id}, which does not run`);
  }
  for (const id of late) {
    const status = listed(id)?.status;
    if (status !== "ready" && status !== "scheduled") fault(`${id} cannot come back to ${name}`);
  }
  for (const { task_id, order } of turns) {
    const task = listed(task_id);
    if (task?.status !== "ready" || task.order !== order)
      fault(`${task_id} has no turn at ${name}`);
  }
  for (const list of [held, late, turns.map(({ task_id }) => task_id)]) {
    if (new Set(list).size < list.length) fault(`${name} lists one task twice`);
  }
}

function checkHeld(
  { task, nodes }: { task: TaskRecord; nodes: ReadonlyMap<string, Node> },
  { fault }: Books,
): void {
  for (const name of ownNodes(task)) {
    if (!nodes.get(name)?.held?.includes(task.task_id)) fault(`${task.task_id} lacks ${name}`);
  }
}

/** Whoever is parked has somebody before it who ends some time, or a look that is due. */
function checkParked(
  { task, parked, nodes }: { task: TaskRecord; parked: string; nodes: ReadonlyMap<string, Node> },
  { fault }: Books,
): void {
  const { task_id, status } = task;
  const { held, turns = [], waiting, due } = nodes.get(parked) ?? {};
  if (status !== "ready") fault(`${task_id} is parked, and ${status}`);
  if (!waiting) fault(`${parked} does not know that ${task_id} waits`);
  const others = turns.filter((other) => other.task_id !== task_id);
  if (!held && others.length === 0 && due === undefined) fault(`nobody wakes ${task_id}`);
}

function checkOverlaps(tasks: readonly TaskRecord[], { fault }: Books): void {
  const running = tasks.filter(({ status }) => status === "running");
  running.forEach((one, index) => {
    for (const other of running.slice(index + 1)) {
      const both = (one.locks ?? []).some((a) => (other.locks ?? []).some((b) => overlap(a, b)));
      if (both) fault(`${one.task_id} and ${other.task_id} hold overlapping locks`);
    }
  });
  const keys = new Set(running.flatMap(({ concurrency_key }) => concurrency_key ?? []));
  for (const key of keys) {
    const users = running.filter(({ concurrency_key }) => concurrency_key === key);
    const most = Math.max(...users.map(({ concurrency_limit = 1 }) => concurrency_limit));
    if (users.length > most) fault(`${users.length} run with the key ${key}`);
  }
}

function checkWaiters(tasks: readonly TaskRecord[], { dump, fault }: Books): void {
  const listed = new Set((dump.sets["parked"] ?? []).map(([member]) => member));
  for (const { task_id, parked, order = 0, status } of tasks) {
    if (parked === undefined || isTerminal(status)) continue;
    const member = `${parked}\n${String(order).padStart(13, "0")}\n${memberOf(task_id)}`;
    if (!listed.delete(member)) fault(`${task_id} is not among the waiters of ${parked}`);
  }
  for (const member of listed) fault(`${member} waits for nothing`);
}
