/** As agents saw it: attempt numbers rise, and an attempt is one lease of one agent. */
import type { Breach, History } from "../history.ts";
import { type Grant, grantsIn, groupBy } from "./seen.ts";

export function checkClaims({ calls, skew_ms }: History): Breach[] {
  const grants = grantsIn(calls);
  const byTask = [...groupBy(grants, ({ task_id }) => task_id).values()];
  return [
    ...byTask.flatMap(checkSingle),
    ...byTask.flatMap((ofTask) => checkRising(ofTask, skew_ms)),
  ];
}

function checkSingle(grants: readonly Grant[]): Breach[] {
  const attempts = groupBy(grants, ({ task_id, attempt }) => `${task_id}.${attempt}`);
  return [...attempts].flatMap(([attempt, group]) => {
    const leases = new Set(group.map(({ lease }) => lease));
    const agents = new Set(group.map(({ agent }) => agent));
    const texts = [
      ...(leases.size > 1 ? [`${attempt} was leased as ${[...leases].join(" and ")}`] : []),
      ...(agents.size > 1 ? [`${attempt} was leased to ${[...agents].join(" and ")}`] : []),
    ];
    return texts.map((text) => ({ kind: "doubled" as const, text }));
  });
}

/** Whoever asks after a reply arrived never gets an attempt before that reply's. */
function checkRising(grants: readonly Grant[], skew_ms: number): Breach[] {
  const byEnd = grants.toSorted((a, b) => a.ended - b.ended);
  const byBegin = grants.toSorted((a, b) => a.began - b.began);
  const faults: Breach[] = [];
  let newest: Grant | undefined;
  let next = 0;
  for (const grant of byBegin) {
    for (;;) {
      const known = byEnd[next];
      if (!known || known.ended + skew_ms >= grant.began) break;
      if (!newest || known.attempt > newest.attempt) newest = known;
      next += 1;
    }
    if (newest && grant.attempt < newest.attempt) {
      const text = `${grant.agent} got ${grant.lease} after ${newest.agent} had ${newest.lease}`;
      faults.push({ kind: "doubled", text });
    }
  }
  return faults;
}
