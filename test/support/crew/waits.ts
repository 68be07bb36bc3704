/** An orchestrator that waits: it looks again and again, each time with the cursor of the last reply that it got. */
import { z } from "zod";
import type { Hands } from "./hands.ts";

/** The cursor for each run; none where it lost it, and starts anew. */
export type Cursors = Map<string, string>;

const told = z.looseObject({ cursor: z.string() });

export async function lookAgain(
  { call, chance }: Hands,
  { run_ids, cursors }: { run_ids: readonly string[]; cursors: Cursors },
): Promise<void> {
  if (run_ids.length === 0) return;
  const run_id = chance.oneOf(run_ids);
  if (chance.happens(0.05)) cursors.delete(run_id);
  const cursor = cursors.get(run_id);
  const until = chance.oneOf(["any", "all"]);
  const args = { run_id, until, wait_seconds: 0, ...(cursor !== undefined && { cursor }) };
  const outcome = await call("wait_for_tasks", args);
  if ("said" in outcome) cursors.set(run_id, told.parse(outcome.said).cursor);
}
