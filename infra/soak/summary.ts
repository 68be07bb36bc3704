/** The figures of a soak, and whether it passed. */
import type { Breach } from "../../test/support/history.ts";
import type { SoakReport } from "./run-soak.ts";

/** What stays for good: the hash with agents, lanes and breakers, the emptied event log, the directory of projects. */
const STAYS = /:(control|events|projects|failures|counts)$/;

/** Agents, lanes and the allocator's own fragments. */
const BYTES_LEFT = 1_000_000;

export function passed(report: SoakReport): boolean {
  const { breaches, misfits, complaints, left_open } = report;
  return (
    breaches.length + misfits.length + complaints.length + left_open === 0 && isBaseline(report)
  );
}

function isBaseline({ before, after }: SoakReport): boolean {
  const keys = after.keys.every((name) => before.keys.includes(name) || STAYS.test(name));
  return keys && after.bytes <= before.bytes + BYTES_LEFT;
}

export function summary(report: SoakReport): string {
  const { havoc, calls, final, facts, before, after } = report;
  const lost = calls.filter(({ outcome }) => "lost" in outcome).length;
  const rows = [
    ["tasks", `${final.tasks.size} (${statuses(report)})`],
    ["calls", `${calls.length}, of them without an answer ${lost}`],
    ["agents killed", havoc.agents_killed],
    ["workerd killed", havoc.workerd_killed],
    ["Redis killed", havoc.redis_killed],
    ["faults", `${havoc.redis_faults} before Redis, ${havoc.qstash_faults} at QStash`],
    ["requeues", `${countOf(facts, "task.lease_lost")} leases lost`],
    ["retries", countOf(facts, "task.retry_scheduled")],
    ["late results", countOf(facts, "task.late_result")],
    ["breakers", `${report.breakers_opened} let go by hand`],
    ["drained in", `${report.seconds_to_drain} s, ${report.left_open} left open`],
    ["duplicates", countKind(report.breaches, "doubled")],
    ["lost", countKind(report.breaches, "lost")],
    ["untrue", countKind(report.breaches, "untrue")],
    ["misfits", report.misfits.length],
    ["keys", `${before.keys.length} before, ${after.keys.length} after: ${after.keys.join(", ")}`],
    ["memory", `${before.bytes} bytes before, ${after.bytes} after`],
  ].map(([name, value]) => `  ${String(name).padEnd(16)}${value}`);
  const wrong = [
    ...report.breaches.map(({ kind, text }) => `${kind}: ${text}`),
    ...report.misfits,
    ...report.complaints,
  ].slice(0, SHOWN);
  return [...rows, ...wrong, passed(report) ? "passed" : "FAILED"].join("\n");
}

const SHOWN = 30;

function countOf(facts: ReadonlyMap<string, number>, type: string): number {
  return facts.get(type) ?? 0;
}

function countKind(breaches: readonly Breach[], kind: Breach["kind"]): number {
  return breaches.filter((breach) => breach.kind === kind).length;
}

function statuses({ final }: SoakReport): string {
  const counts = new Map<string, number>();
  for (const { status } of final.tasks.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}
