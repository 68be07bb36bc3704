/** Records by themselves: leases and attempts, texts and blobs, runs. */
import { isTerminal, TERMINAL } from "../../../src/domain/lifecycle.ts";
import { LIMITS } from "../../../src/domain/limits.ts";
import { decides, type RunRecord, type TaskRecord } from "../../../src/domain/task.ts";
import type { Books } from "./books.ts";

export function checkRecords(books: Books): void {
  for (const task of books.tasks.values()) {
    checkLease(task, books.fault);
    checkTexts(task, books);
    if (!books.runs.has(task.task_id.replace(/t\d+$/, ""))) {
      books.fault(`${task.task_id} has no run`);
    }
  }
  for (const task of books.hidden.values()) checkTexts(task, books);
  for (const name of books.texts.keys()) {
    const task_id = name.replace(/:.*/, "");
    if (!books.tasks.has(task_id) && !books.hidden.has(task_id)) {
      books.fault(`${name} belongs to no task`);
    }
  }
  for (const run of books.runs.values()) checkRun(run, books);
  checkBlobs(books);
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
  if ((status === "failed") !== (task.error_code !== undefined)) fault(`${task_id}: error_code`);
}

function checkTexts(task: TaskRecord, { texts, fault }: Books): void {
  const { task_id } = task;
  const expected = new Set<string>();
  if (task.payload_blob === undefined && task.payload_bytes > 0) expected.add("payload");
  if (task.review) expected.add("criteria");
  for (const id of task.verdicts ?? []) expected.add(`verdict:${id}`);
  if (task.has_notes) expected.add("notes");
  if (task.has_schema) expected.add("schema");
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

function checkRun(run: RunRecord, { tasks, line, fault }: Books): void {
  const ids = Array.from({ length: run.tasks }, (_, index) => `${run.run_id}t${index + 1}`);
  const own = ids.map((id) => tasks.get(id)).filter((task) => task !== undefined);
  const removed = run.removed ?? 0;
  if (own.length + removed !== run.tasks) {
    fault(`${run.run_id} has ${own.length} of ${run.tasks} tasks, ${removed} were removed`);
  }
  const open = own.filter(({ status }) => !isTerminal(status)).length;
  const running = own.filter(({ status }) => status === "running").length;
  const in_review = own.filter(({ status }) => status === "in_review").length;
  if ((run.in_review ?? 0) !== in_review) {
    fault(`${run.run_id} counts ${run.in_review} of ${in_review} in review`);
  }
  if (run.open !== open) fault(`${run.run_id} counts ${run.open} open tasks of ${open}`);
  if (run.running !== running) fault(`${run.run_id} counts ${run.running} of ${running} running`);
  const failed = own.filter((task) => task.status === "failed" && decides(task)).length;
  const counts = TERMINAL.map((end) => {
    const ended = own.filter(({ status }) => status === end).length;
    return { what: `${end} tasks`, said: run.counts[end], counted: ended };
  });
  counts.push({ what: "failed tasks that decide", said: run.failed, counted: failed });
  for (const { what, said, counted } of counts) {
    // How a removed task ended is no longer known.
    if (removed === 0 ? said !== counted : said < counted) {
      fault(`${run.run_id} counts ${said} ${what} of ${counted}`);
    }
  }
  checkChanges(run, own, fault);
  const ended = run.cancelled ? "cancelled" : run.failed > 0 ? "failed" : "completed";
  const status = open > 0 ? "active" : ended;
  if (run.status !== status) fault(`${run.run_id} is ${run.status} instead of ${status}`);
  const cancelling = run.cancelled === true && open > 0;
  const due = line.has(`cancel:${run.run_id}`);
  if (cancelling !== (run.cancel_from !== undefined) || cancelling !== due) {
    fault(`${run.run_id} is cancelled from ${run.cancel_from}, due: ${due}`);
  }
  if ((run.ended_at === undefined) !== open > 0) fault(`${run.run_id}: ended_at`);
}

/** The last change of a task that has ended is its end. */
function checkChanges(run: RunRecord, own: readonly TaskRecord[], fault: Books["fault"]): void {
  const { run_id, seq = 0, recent = [], agent_types } = run;
  if (recent.length !== Math.min(seq, LIMITS.changes_kept)) {
    fault(`${run_id} keeps ${recent.length} of ${seq} changes`);
  }
  const ends = new Map<string, string>();
  for (const change of recent) {
    const [number = "", kind = ""] = change.split(" ");
    if (TERMINAL.some((end) => end === kind)) ends.set(`${run_id}t${number}`, kind);
  }
  for (const { task_id, status, agent_type } of own) {
    const end = ends.get(task_id) ?? (seq > recent.length ? status : "no end");
    if (isTerminal(status) && end !== status) fault(`${task_id} is ${status}, and told as ${end}`);
    if (!agent_types.includes(agent_type)) fault(`${run_id} has no task of type ${agent_type}`);
  }
}

function checkBlobs({ tasks, hidden, stagings, texts, dump, fault }: Books): void {
  const named = new Set<string>();
  // Those of a task that is being removed go before it.
  const going = new Set<string>();
  for (const { payload_blob, result_blob, outdated_blobs = [], retiring } of tasks.values()) {
    for (const blob of [...outdated_blobs, payload_blob, result_blob]) {
      if (blob !== undefined) (retiring ? going : named).add(`blob:${blob}`);
    }
  }
  for (const { task_id, payload_blob } of hidden.values()) {
    const abandoned = stagings.get(task_id.replace(/t\d+$/, ""))?.abandoned;
    if (payload_blob !== undefined) (abandoned ? going : named).add(`blob:${payload_blob}`);
  }
  for (const [name, text] of texts) {
    if (!name.includes(":late:")) continue;
    const late = JSON.parse(text) as { result_blob?: string };
    const { retiring } = tasks.get(name.replace(/:.*/, "")) ?? {};
    if (late.result_blob !== undefined) (retiring ? going : named).add(`blob:${late.result_blob}`);
  }
  const kept = new Set(Object.keys(dump.strings).filter((name) => name.startsWith("blob:")));
  for (const name of named) if (!kept.has(name)) fault(`${name} is missing`);
  for (const name of kept) {
    if (!named.has(name) && !going.has(name)) fault(`${name} belongs to nothing`);
  }
}
