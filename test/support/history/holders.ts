/** By the server's own times: overlapping locks never have two holders at once, and no key has more than its tasks allow. */
import { overlap } from "../../../src/domain/locks.ts";
import type { Breach, History } from "../history.ts";
import type { FinalTask } from "./final-state.ts";
import { endsLease } from "./leases.ts";

export function checkHolders({ facts, final }: History): Breach[] {
  const running = new Map<string, FinalTask>();
  const faults: Breach[] = [];
  for (const fact of facts) {
    const task = final.tasks.get(fact.task_id ?? "");
    if (!task) continue;
    if (fact.type === "task.claimed") {
      const others = [...running.values()].filter(({ task_id }) => task_id !== task.task_id);
      for (const text of conflicts(task, others)) faults.push({ kind: "doubled", text });
      running.set(task.task_id, task);
    } else if (endsLease(fact)) running.delete(task.task_id);
  }
  return faults;
}

function conflicts(task: FinalTask, others: readonly FinalTask[]): string[] {
  const { task_id, locks = [], concurrency_key: key, concurrency_limit: most = 1 } = task;
  const overlapping = others.filter((other) =>
    locks.some((lock) => (other.locks ?? []).some((taken) => overlap(lock, taken))),
  );
  const users = others.filter((other) => key !== undefined && other.concurrency_key === key);
  const texts = overlapping.map(
    (other) => `${task_id} was claimed while ${other.task_id} had an overlapping lock`,
  );
  if (users.length < most) return texts;
  return [...texts, `${task_id} was claimed while ${users.length} others had the key ${key}`];
}
