/** Waits until there is work for an agent, without claiming it. */
import { createApi } from "../api.ts";
import type { Connection } from "../connection.ts";
import type { Refused } from "../events/connect.ts";
import { followStream, type SeenEvent } from "../events/stream.ts";
import { lookForWork, type Wanted } from "./work.ts";

export interface ReadyOptions {
  readonly wanted: Wanted;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Whatever can make a task ready. A breaker that closes names no agent type: that is seen by looking again. */
const TYPES = "task.ready,task.resumed,task.lease_lost";
const LOOK_AGAIN_MS = 30_000;

/** The task that somebody may claim now. Throws `Unreachable` when the server stays away, and when `signal` fires. */
export async function waitUntilReady(
  connection: Connection,
  { wanted, signal, say }: ReadyOptions,
): Promise<Refused | { readonly task_id: string }> {
  const api = createApi(connection);
  const { agent_type } = wanted;
  const query = { types: TYPES, agent_type };
  const steps = followStream(connection, { query, signal, say });
  let looked = 0;
  let held = false;
  try {
    for (;;) {
      const { done, value: step } = await steps.next();
      if (done) return step;
      const isDue = held && Date.now() - looked > LOOK_AGAIN_MS;
      if (step.kind === "quiet" && !isDue) continue;
      // All there is once the stream is open, so that nothing falls between the two; then where something happened.
      const runs = step.kind === "events" ? runsOf(step.events) : [undefined];
      for (const run_id of runs) {
        const found = await lookForWork(api, { ...wanted, run_id, signal });
        if (found.kind === "refused") return { refused: found.message };
        if (found.kind === "ready") return found;
        held ||= found.kind === "held";
      }
      if (step.kind !== "events") looked = Date.now();
    }
  } finally {
    await steps.return({ refused: "" });
  }
}

function runsOf(events: readonly SeenEvent[]): string[] {
  const ids = events.flatMap(({ data: { task_id } }) =>
    typeof task_id === "string" ? [task_id.slice(0, task_id.indexOf("t"))] : [],
  );
  return [...new Set(ids)];
}
