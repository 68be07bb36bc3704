/** By the server's own times: no two leases of one task are valid at once, and none ends before its promised time. */
import type { Breach, Fact, History } from "../history.ts";
import { type Grant, grantsIn, groupBy } from "./seen.ts";

export function checkLeases(history: History): Breach[] {
  const facts = history.facts.filter(({ task_id }) => task_id !== undefined);
  return [...groupBy(facts, ({ task_id = "" }) => task_id)]
    .flatMap(([task_id, ofTask]) => checkOverlaps(task_id, ofTask))
    .concat(checkPromises(history));
}

/** What ends the lease that is valid at that moment. */
const ENDS = new Set([
  "task.lease_lost",
  "task.retry_scheduled",
  "task.review_requested",
  "task.suspended",
  "task.completed",
  "task.failed",
  "task.cancelled",
]);

export function endsLease({ type, released_by }: Fact): boolean {
  return ENDS.has(type) || released_by !== undefined;
}

function checkOverlaps(task_id: string, facts: readonly Fact[]): Breach[] {
  const faults: Breach[] = [];
  const doubled = (text: string): void => void faults.push({ kind: "doubled", text });
  let held: number | undefined;
  let last = 0;
  for (const fact of facts) {
    const { type, attempt, agent_id, again } = fact;
    if (type === "task.claimed" && attempt !== undefined) {
      if (held !== undefined) {
        doubled(`${agent_id} got attempt ${attempt} of ${task_id} while ${held} was valid`);
      }
      if (again ? attempt !== last : attempt <= last) {
        doubled(`attempt ${attempt} of ${task_id} came after ${last}`);
      }
      held = last = attempt;
    } else if (endsLease(fact)) {
      held = undefined;
    }
  }
  return faults;
}

/** A reply that says "so many seconds left" is kept, unless the agent itself is replaced by another process. */
function checkPromises({ calls, facts, skew_ms }: History): Breach[] {
  const grants = groupBy(grantsIn(calls), ({ task_id, attempt }) => `${task_id}.${attempt}`);
  const renewed = new Set(
    calls.filter(({ args }) => args["instance"] !== undefined).map(({ client }) => client),
  );
  return facts.flatMap(({ type, at, task_id, attempt, agent_id = "" }) => {
    if (type !== "task.lease_lost" || renewed.has(agent_id)) return [];
    const broken = (grants.get(`${task_id}.${attempt}`) ?? []).filter(
      (grant) => grant.ended <= at && promisedUntil(grant) > at + skew_ms,
    );
    return broken.map(({ lease, agent, seconds }) => ({
      kind: "untrue" as const,
      text: `${agent} lost ${lease} before its ${seconds} s were over`,
    }));
  });
}

function promisedUntil({ began, seconds }: Grant): number {
  return began + seconds * 1000;
}
