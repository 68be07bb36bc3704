/** What is said about a run as a whole: while it goes on, and when it has ended. */
import { isTerminal, type Status, STATUSES } from "../../domain/lifecycle.ts";
import { clean, duration, plural } from "../text.ts";
import type { RunView } from "./run-view.ts";

export function progress(run: RunView, seconds: number): string {
  const counts = countsOf(run);
  const ended = [...run.tasks.values()].filter(({ status }) => isTerminal(status)).length;
  const open = STATUSES.filter((status) => !isTerminal(status) && counts.has(status));
  const parts = [...open, ...(counts.has("failed") ? (["failed"] as const) : [])];
  return [
    `${run.run_id} ${ended}/${run.tasks.size}`,
    ...parts.map((status) => `${counts.get(status)} ${word(status)}`),
    duration(seconds),
  ].join(" · ");
}

export function summary(run: RunView): string[] {
  const counts = countsOf(run);
  const told = STATUSES.filter((status) => counts.has(status)).map(
    (status) => `${counts.get(status)} ${word(status)}`,
  );
  const took = run.summary ? ` after ${duration(run.summary.seconds)}` : "";
  const usage = Object.entries(run.summary?.usage ?? {});
  return [
    `${run.run_id} ${run.status}${took}: ${plural(run.tasks.size, "task")}, ${told.join(", ")}.`,
    ...(usage.length > 0
      ? [
          `Usage: ${usage.map(([name, value]) => `${clean(name)} ${clean(String(value))}`).join(", ")}.`,
        ]
      : []),
  ];
}

function countsOf(run: RunView): Map<Status, number> {
  const counts = new Map<Status, number>();
  for (const { status } of run.tasks.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

function word(status: Status): string {
  return status.replace("_", " ");
}
