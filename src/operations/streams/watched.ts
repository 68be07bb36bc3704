/** Runs and tasks that somebody follows by their ids. */
import { type Fact, runOfFact } from "../../domain/event.ts";
import type { Services } from "../services.ts";

/** Those that there are. What belongs to another project is as if it never was. One round trip. */
export async function existingOf(
  { store }: Pick<Services, "store">,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const reply = await store.read(ids);
  if ("refused" in reply) throw new Error("a read was refused");
  return new Set(
    reply.said.records.map((record) => ("task_id" in record ? record.task_id : record.run_id)),
  );
}

/** What a fact is about; what happens to a task happens to its run too. */
export function subjectsOf(fact: Fact): string[] {
  return [runOfFact(fact), fact.task_id].filter((id) => id !== undefined);
}
