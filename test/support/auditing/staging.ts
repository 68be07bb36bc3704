/** Workflows that are being staged, and runs of which not all tasks are in their places yet. */
import type { Books } from "./books.ts";

export function checkStaging(books: Books): void {
  const { stagings, runs, hidden, line, fault } = books;
  for (const { run_id, staged, total } of stagings.values()) {
    if (runs.has(run_id)) fault(`${run_id} is staged, and there`);
    if (staged < 1 || staged > total) fault(`${run_id} has ${staged} of ${total} tasks staged`);
    for (let number = 1; number <= staged; number++) {
      if (!hidden.has(`${run_id}t${number}`)) fault(`${run_id}t${number} was staged and is gone`);
    }
    if (!line.has(`staging:${run_id}`)) fault(`nothing would remove the staging of ${run_id}`);
  }
  for (const task_id of hidden.keys()) {
    const [run_id = "", number] = task_id.split("t");
    if (Number(number) > (stagings.get(run_id)?.staged ?? 0)) fault(`${task_id} is not counted`);
  }
  for (const member of line.keys()) {
    const [kind, run_id = ""] = member.split(":");
    if (kind === "staging" && !stagings.has(run_id)) fault(`${member} is in the line for nothing`);
  }
  checkActivation(books);
}

function checkActivation({ runs, tasks, line, fault }: Books): void {
  for (const { run_id, activated } of runs.values()) {
    const due = line.has(`activate:${run_id}`);
    if (due !== (activated !== undefined)) fault(`${run_id} is activated to ${activated}: ${due}`);
  }
  for (const { task_id, status, staged } of tasks.values()) {
    if (!staged) continue;
    const [run_id = "", number] = task_id.split("t");
    const run = runs.get(run_id);
    const reached = Number(number) <= (run?.activated ?? Infinity);
    if (reached && !run?.cancelled) fault(`${task_id} was passed over`);
    if (status !== "blocked") fault(`${task_id} is staged, and ${status}`);
  }
}
