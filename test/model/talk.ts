/** The model of what is said about a task: questions and answers, messages, and what workers are told beside replies. */
import { type AgentRecord } from "../../src/domain/agent.ts";
import { LIMITS } from "../../src/domain/limits.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type TaskRecord } from "../../src/domain/task.ts";
import { type Notice } from "../../src/store/codec.ts";
import { isDoomed, lastMoment, leaseOf, makeReady, move } from "./lifecycle.ts";
import { type Follower, type World } from "./world.ts";

/** However a suspended task goes on, it waits no longer. */
export const endSuspension: Follower = (_, task, before) => {
  if (before !== "suspended") return;
  delete task.suspended_for;
  delete task.question;
};

interface Subject {
  readonly world: World;
  readonly task: TaskRecord;
}

export function answer({ world, task }: Subject, text: string): string | undefined {
  const { question = "" } = task;
  if (task.suspended_for !== "answer") return `it has no open question; it is ${task.status}`;
  if (isDoomed(world, task)) return "its run was cancelled";
  task.answers = [...(task.answers ?? []), { question, answer: text }].slice(-LIMITS.answers_kept);
  resume(world, task);
  return undefined;
}

/** Who worked on it goes first for a while. */
export function resume(world: World, task: TaskRecord): void {
  move(world, task, "resume");
  world.facts.push(`task.resumed ${task.task_id}`);
  task.prefer = { agent_id: leaseOf(task).agent_id, until_ms: world.now + LIMITS.prefer_ms };
  makeReady(world, task);
}

export function sendMessage({ world, task }: Subject, text: string): string | undefined {
  if (isTerminal(task.status)) return `it is ${task.status} already`;
  if (isDoomed(world, task)) return "its run was cancelled";
  task.messages = [...(task.messages ?? []), { text, at: world.now }].slice(-LIMITS.messages_kept);
  world.facts.push(`message.sent ${task.task_id}`);
  return undefined;
}

/** What the reply tells, beside the rest, a worker whose lease has just been renewed. */
export function tellHolder({ world, task }: Subject): Notice[] {
  const { task_id } = task;
  const told: Notice[] = [];
  for (const message of task.messages ?? []) {
    const { text, shown_at } = message;
    if (shown_at !== undefined && shown_at + LIMITS.notices_repeated_ms <= world.now) continue;
    told.push({ kind: "message", task_id, text });
    message.shown_at = shown_at ?? world.now;
  }
  const last = Math.min(lastMoment(task), task.deadline ?? Infinity);
  if (last >= world.now + leaseOf(task).seconds * 1000) return told;
  const why = last === task.deadline && last < lastMoment(task) ? "deadline" : "max_run";
  return [...told, { kind: "ending", task_id, left_ms: last - world.now, why }];
}

/** Whoever is handed the task is shown all its messages with it. */
export function showMessages({ world, task }: Subject): void {
  for (const message of task.messages ?? []) message.shown_at = world.now;
}

/** Whether the agent, which held the task, does not know that it holds it no longer. */
export function isUnawareOf(task: TaskRecord, { agent_id, key_id }: AgentRecord): boolean {
  const own = task.attempts?.findLast(
    (past) => past.agent_id === agent_id && past.key_id === key_id,
  );
  return own !== undefined && ["expired", "timed_out", "voided"].includes(own.outcome);
}

/** Tells the agent what it lost since it last polled, and for a while what it was told of then. */
export function tellStops(
  { world, agent }: { world: World; agent: AgentRecord },
  { lost, holds }: { lost: readonly TaskRecord[]; holds: readonly TaskRecord[] },
): Notice[] {
  const held = new Set(holds.map(({ task_id }) => task_id));
  const until_ms = world.now + LIMITS.notices_repeated_ms;
  const first = lost
    .filter(({ task_id }) => !held.has(task_id))
    .map(({ task_id, status }) => ({ task_id, status, until_ms }));
  const said = new Set([...held, ...first.map(({ task_id }) => task_id)]);
  const again = (agent.stops ?? [])
    .filter((stop) => stop.until_ms > world.now && !said.has(stop.task_id))
    .slice(0, Math.max(0, LIMITS.stops_kept - first.length));
  delete agent.stops;
  if (first.length + again.length > 0)
    agent.stops = [...first, ...again].slice(0, LIMITS.stops_kept);
  const told = (stop: { task_id: string; status: TaskRecord["status"] }): Notice => ({
    kind: "stop",
    task_id: stop.task_id,
    status: stop.status,
  });
  const isOld = (until: number): boolean =>
    until - LIMITS.notices_repeated_ms + LIMITS.notices_new_ms <= world.now;
  const repeated = again.map((stop) =>
    Object.assign(told(stop), isOld(stop.until_ms) ? { again: true } : {}),
  );
  return [...first.map(told), ...repeated];
}
