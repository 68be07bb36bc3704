/** Compares all records of a project with all that was derived from them, and says what does not fit. */
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { type Books, memberOf, readBooks } from "./auditing/books.ts";
import { checkEdges } from "./auditing/edges.ts";
import { checkFamilies } from "./auditing/families.ts";
import { checkLine } from "./auditing/line.ts";
import { checkLocks } from "./auditing/locks.ts";
import { checkRecords } from "./auditing/records.ts";
import { checkReviews } from "./auditing/reviews.ts";
import { checkTalk } from "./auditing/talk.ts";
import { checkStaging } from "./auditing/staging.ts";
import { checkWebhooks } from "./auditing/webhooks.ts";
import type { Dump } from "./dump.ts";

export function audit(dump: Dump): string[] {
  const faults: string[] = [];
  const books = readBooks(dump, (what) => void faults.push(what));
  checkRecords(books);
  checkLine(books);
  checkEdges(books);
  checkFamilies(books);
  checkReviews(books);
  checkLocks(books);
  checkStaging(books);
  checkDeadLetters(books);
  checkBreakers(books);
  checkLanes(books);
  checkAgents(books);
  checkState(books);
  checkTalk(books);
  checkWebhooks(books);
  return faults;
}

/** Listed are the failed tasks that nobody has dealt with, and only they. */
function checkDeadLetters({ tasks, dump, fault }: Books): void {
  const listed = new Set((dump.sets["dead"] ?? []).map(([member]) => member));
  for (const { task_id, status, discarded_at, error_code = "" } of tasks.values()) {
    if (status !== "failed" || discarded_at !== undefined) continue;
    const member = `${error_code.replaceAll("|", "/")}|${memberOf(task_id)}`;
    if (!listed.delete(member)) fault(`${member} is not among the dead letters`);
  }
  for (const member of listed) fault(`${member} is among the dead letters`);
}

/** A probe that nobody works on would keep its breaker half-open for ever. */
function checkBreakers({ tasks, dump, fault }: Books): void {
  for (const [name, text] of Object.entries(dump.hashes["control"] ?? {})) {
    if (!name.startsWith("breaker:") || text === "") continue;
    const { probe } = JSON.parse(text) as { probe?: string };
    const task = probe === undefined ? undefined : tasks.get(probe);
    if (probe !== undefined && !(task?.status === "running" && task.lease?.probe)) {
      fault(`${name} waits for its probe ${probe}, which does not run as one`);
    }
  }
}

function checkLanes({ tasks, hidden, dump, fault }: Books): void {
  const control = dump.hashes["control"] ?? {};
  const seen = new Set<number>();
  const counted = new Map<number, number>();
  const lanes = new Map<string, number>();
  for (const [name, text] of Object.entries(control)) {
    if (!name.startsWith("lanes:")) continue;
    for (const lane of JSON.parse(text) as {
      id: number;
      requires?: string[];
      assignee?: string;
      tasks: number;
    }[]) {
      if (seen.has(lane.id)) fault(`lane ${lane.id} stands twice`);
      seen.add(lane.id);
      counted.set(lane.id, lane.tasks);
      lanes.set(JSON.stringify([name.slice(6), lane.requires ?? [], lane.assignee ?? ""]), lane.id);
    }
  }
  const free = JSON.parse(control["free_lanes"] ?? "[]") as number[];
  if (free.some((id) => seen.has(id))) fault(`free are the lanes ${free.join()}`);
  if (seen.size + free.length !== Number(control["lane_seq"] ?? 0)) {
    fault(`lane_seq is ${control["lane_seq"]}`);
  }
  for (const task of [...tasks.values(), ...hidden.values()]) {
    const { task_id, lane, agent_type, requires, assignee, review, reviews } = task;
    for (const id of [reviews === undefined ? lane : 0, review?.lane ?? 0]) {
      counted.set(id, (counted.get(id) ?? 0) - 1);
    }
    // A review that has ended may outlive the task that took its lane.
    if (reviews !== undefined && isTerminal(task.status)) continue;
    const due = lanes.get(JSON.stringify([agent_type, requires ?? [], assignee ?? ""]));
    if (due !== lane) fault(`${task_id} stands in lane ${lane} instead of ${due}`);
  }
  for (const [id, difference] of counted) {
    if (id > 0 && difference !== 0) fault(`lane ${id} counts ${difference} tasks too many`);
  }
}

function checkAgents({ tasks, agents, dump, fault }: Books): void {
  const counted = Number(dump.hashes["control"]?.["agents"] ?? 0);
  if (counted !== agents.size) fault(`${counted} agents are counted, there are ${agents.size}`);
  for (const { task_id, status, lease } of tasks.values()) {
    if (status !== "running" || !lease) continue;
    const agent = agents.get(lease.agent_id);
    // A name that was unseen for a day is anybody's: who has it now need not know what another key's agent had.
    if (agent && agent.key_id !== lease.key_id) continue;
    if (!agent?.holds?.includes(task_id)) {
      fault(`${lease.agent_id} does not know that it holds ${task_id}`);
    }
  }
}

function checkState({ dump, fault }: Books): void {
  const names = (dump.sets["state_names"] ?? []).map(([name]) => name).toSorted();
  const keys = Object.keys(dump.hashes["state"] ?? {}).toSorted();
  if (JSON.stringify(names) !== JSON.stringify(keys)) fault("state_names does not fit state");
}
