/** Compares all records of a project with all that was derived from them, and says what does not fit. */
import { type AgentRecord, agentRecord } from "../../src/domain/agent.ts";
import { isTerminal } from "../../src/domain/lifecycle.ts";
import { LANE_WIDTH, TIMER_OFFSET } from "../../src/domain/order.ts";
import { type RunRecord, runRecord, type TaskRecord, taskRecord } from "../../src/domain/task.ts";
import { SHARDS } from "../../src/store/keys.ts";
import type { Dump } from "./dump.ts";

interface Books {
  readonly dump: Dump;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  readonly agents: ReadonlyMap<string, AgentRecord>;
  /** Texts beside the records, by their full names (`r1t2:result`). */
  readonly texts: ReadonlyMap<string, string>;
  readonly fault: (what: string) => void;
}

export function audit(dump: Dump): string[] {
  const faults: string[] = [];
  const fault = (what: string): void => void faults.push(what);
  const books = { dump, fault, ...readRecords(dump, fault), agents: readAgents(dump) };
  for (const task of books.tasks.values()) {
    checkLease(task, fault);
    checkDependencies(task, books);
    checkTexts(task, books);
  }
  for (const run of books.runs.values()) checkRun(run, books);
  checkLine(books);
  checkEdges(books);
  checkLanes(books);
  checkAgents(books);
  checkState(books);
  checkBlobs(books);
  return faults;
}

function readRecords(dump: Dump, fault: Books["fault"]): Pick<Books, "tasks" | "runs" | "texts"> {
  const tasks = new Map<string, TaskRecord>();
  const runs = new Map<string, RunRecord>();
  const texts = new Map<string, string>();
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const [name, text] of Object.entries(dump.hashes[`shard:${shard}`] ?? {})) {
      const run = /^r(\d+)/.exec(name)?.[1];
      if (Number(run) % SHARDS !== shard) fault(`${name} lies in shard ${shard}`);
      if (name.includes(":")) texts.set(name, text);
      else if (name.includes("t")) tasks.set(name, taskRecord.parse(JSON.parse(text)));
      else runs.set(name, runRecord.parse(JSON.parse(text)));
    }
  }
  return { tasks, runs, texts };
}

function readAgents(dump: Dump): Map<string, AgentRecord> {
  const fields = Object.entries(dump.hashes["control"] ?? {});
  return new Map(
    fields
      .filter(([name]) => name.startsWith("agent:"))
      .map(([name, text]) => [name.slice(6), agentRecord.parse(JSON.parse(text))]),
  );
}

function checkLease(task: TaskRecord, fault: Books["fault"]): void {
  const live = task.lease !== undefined && task.lease.ended === undefined;
  const { task_id, status, attempt, attempts = [] } = task;
  if (live !== (status === "running")) fault(`${task_id} is ${status}, lease live: ${live}`);
  if (attempt > 0 !== (task.lease !== undefined)) fault(`${task_id}: attempt without lease`);
  const numbers = attempts.map((past) => past.attempt);
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    fault(`${task_id}: attempts out of order: ${numbers.join(", ")}`);
  }
  const last = numbers.at(-1) ?? 0;
  if (last > attempt) fault(`${task_id}: attempt ${last} in the history of ${attempt}`);
  if (task.lease && (last === attempt) === live)
    fault(`${task_id}: history ${numbers.join(", ")}, attempt ${attempt}, live: ${live}`);
  if (isTerminal(status) !== (task.ended_at !== undefined)) fault(`${task_id}: ended_at`);
}

function checkDependencies(task: TaskRecord, { tasks, dump, fault }: Books): void {
  if (task.status !== "blocked") return;
  const open = (task.dependencies ?? []).filter(({ ended }) => ended === undefined);
  if (open.length === 0) fault(`${task.task_id} is blocked by nothing`);
  if (open.length !== task.open_dependencies) {
    fault(`${task.task_id} counts ${task.open_dependencies} open dependencies of ${open.length}`);
  }
  const edges = new Set((dump.sets["edges"] ?? []).map(([member]) => member));
  for (const { task_id } of open) {
    if (!edges.has(`${task_id}|${task.task_id}`)) fault(`no edge ${task_id}|${task.task_id}`);
    if (!tasks.get(task_id)?.has_dependents) fault(`${task_id} does not know of its dependents`);
  }
}

function checkTexts(task: TaskRecord, { texts, fault }: Books): void {
  const { task_id } = task;
  const expected = new Set<string>();
  if (task.payload_blob === undefined) expected.add("payload");
  if (task.has_notes) expected.add("notes");
  if ((task.result_bytes ?? 0) > 0 && task.result_blob === undefined) expected.add("result");
  for (const attempt of task.late_results ?? []) expected.add(`late:${attempt}`);
  for (const name of expected) {
    if (!texts.has(`${task_id}:${name}`)) fault(`${task_id} lacks its ${name}`);
  }
  for (const name of texts.keys()) {
    if (name.startsWith(`${task_id}:`) && !expected.has(name.slice(task_id.length + 1))) {
      fault(`${name} belongs to nothing`);
    }
  }
}

function checkRun(run: RunRecord, { tasks, fault }: Books): void {
  const own = Array.from({ length: run.tasks }, (_, index) => {
    const task = tasks.get(`${run.run_id}t${index + 1}`);
    if (!task) fault(`${run.run_id}t${index + 1} is missing`);
    return task;
  }).filter((task) => task !== undefined);
  const open = own.filter(({ status }) => !isTerminal(status)).length;
  const failed = own.filter(({ status }) => status === "failed").length;
  if (run.open !== open) fault(`${run.run_id} counts ${run.open} open tasks of ${open}`);
  if (run.failed !== failed) fault(`${run.run_id} counts ${run.failed} failed tasks of ${failed}`);
  const status = open > 0 ? "active" : failed > 0 ? "failed" : "completed";
  if (run.status !== status) fault(`${run.run_id} is ${run.status} instead of ${status}`);
  if ((run.ended_at === undefined) !== open > 0) fault(`${run.run_id}: ended_at`);
}

function checkLine({ tasks, dump, fault }: Books): void {
  const expected = new Map<string, number>();
  for (const task of tasks.values()) {
    const place = placeOf(task);
    if (place !== undefined) expected.set(memberOf(task.task_id), place);
    if (isTerminal(task.status) && task.has_dependents) {
      expected.set(`edges:${task.task_id}`, Number.NaN);
    }
  }
  for (const [name, entry] of Object.entries(dump.hashes["state"] ?? {})) {
    const expires = Number(entry.split(" ")[1]);
    if (expires > 0) expected.set(`state:${name}`, expires - TIMER_OFFSET);
  }
  const line = new Map(dump.sets["line"] ?? []);
  for (const [member, place] of expected) {
    const score = line.get(member);
    if (score === undefined) fault(`${member} is missing in the line`);
    else if (!Number.isNaN(place) && score !== place) {
      fault(`${member} stands at ${score} instead of ${place}`);
    }
  }
  for (const member of line.keys()) {
    // The timer of a key that was written again without an expiry stays until it is due.
    if (!expected.has(member) && !member.startsWith("state:")) fault(`${member} is in the line`);
  }
  const first = Math.min(...line.values());
  const due = Number(dump.hashes["control"]?.["next_due"] ?? 0);
  if (first < 0 && (due === 0 || due > first + TIMER_OFFSET)) {
    fault(`next_due is ${due}, the first timer ${first + TIMER_OFFSET}`);
  }
}

function placeOf(task: TaskRecord): number | undefined {
  if (task.status === "ready") return task.lane * LANE_WIDTH + (task.order ?? Number.NaN);
  if (task.status === "running") return (task.lease?.until_ms ?? Number.NaN) - TIMER_OFFSET;
  if (task.status === "scheduled") return (task.start_at ?? Number.NaN) - TIMER_OFFSET;
  return undefined;
}

/** Each number is led by a letter for its length, so that members sort like the numbers in them. */
function memberOf(task_id: string): string {
  return task_id.replaceAll(/[rt](\d+)/g, (_, digits: string) =>
    String.fromCodePoint(96 + digits.length).concat(digits),
  );
}

function checkEdges({ tasks, dump, fault }: Books): void {
  for (const [edge] of dump.sets["edges"] ?? []) {
    const [from = "", to = ""] = edge.split("|");
    const upstream = tasks.get(from);
    const downstream = tasks.get(to);
    if (!upstream?.has_dependents) fault(`edge ${edge}, but ${from} has no dependents`);
    const dependency = downstream?.dependencies?.find(({ task_id }) => task_id === from);
    if (!dependency) fault(`edge ${edge} without a dependency`);
    else if (dependency.ended) fault(`edge ${edge} has latched and is still there`);
  }
}

function checkLanes({ tasks, dump, fault }: Books): void {
  const control = dump.hashes["control"] ?? {};
  const seen = new Set<number>();
  const lanes = new Map<string, number>();
  for (const [name, text] of Object.entries(control)) {
    if (!name.startsWith("lanes:")) continue;
    for (const lane of JSON.parse(text) as {
      id: number;
      requires?: string[];
      assignee?: string;
    }[]) {
      if (seen.has(lane.id)) fault(`lane ${lane.id} stands twice`);
      seen.add(lane.id);
      lanes.set(JSON.stringify([name.slice(6), lane.requires ?? [], lane.assignee ?? ""]), lane.id);
    }
  }
  if (seen.size !== Number(control["lane_seq"] ?? 0)) fault(`lane_seq is ${control["lane_seq"]}`);
  for (const { task_id, lane, agent_type, requires, assignee } of tasks.values()) {
    const due = lanes.get(JSON.stringify([agent_type, requires ?? [], assignee ?? ""]));
    if (due !== lane) fault(`${task_id} stands in lane ${lane} instead of ${due}`);
  }
}

function checkAgents({ tasks, agents, dump, fault }: Books): void {
  const counted = Number(dump.hashes["control"]?.["agents"] ?? 0);
  if (counted !== agents.size) fault(`${counted} agents are counted, there are ${agents.size}`);
  for (const { task_id, status, lease } of tasks.values()) {
    if (status !== "running" || !lease) continue;
    if (!agents.get(lease.agent_id)?.holds?.includes(task_id)) {
      fault(`${lease.agent_id} does not know that it holds ${task_id}`);
    }
  }
}

function checkState({ dump, fault }: Books): void {
  const names = (dump.sets["state_names"] ?? []).map(([name]) => name).toSorted();
  const keys = Object.keys(dump.hashes["state"] ?? {}).toSorted();
  if (JSON.stringify(names) !== JSON.stringify(keys)) fault("state_names does not fit state");
}

function checkBlobs({ tasks, texts, dump, fault }: Books): void {
  const named = new Set<string>();
  for (const { payload_blob, result_blob } of tasks.values()) {
    if (payload_blob !== undefined) named.add(`blob:${payload_blob}`);
    if (result_blob !== undefined) named.add(`blob:${result_blob}`);
  }
  for (const [name, text] of texts) {
    if (!name.includes(":late:")) continue;
    const late = JSON.parse(text) as { result_blob?: string };
    if (late.result_blob !== undefined) named.add(`blob:${late.result_blob}`);
  }
  const kept = new Set(Object.keys(dump.strings).filter((name) => name.startsWith("blob:")));
  for (const name of named) if (!kept.has(name)) fault(`${name} is missing`);
  for (const name of kept) if (!named.has(name)) fault(`${name} belongs to nothing`);
}
