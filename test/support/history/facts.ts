/** Reads the server's event log, with the time of each entry. */
import { z } from "zod";
import type { Dump } from "../dump.ts";
import type { Fact } from "../history.ts";

const facts = z.array(
  z.looseObject({
    type: z.string(),
    task_id: z.string().optional(),
    attempt: z.int().optional(),
    agent_id: z.string().optional(),
    released_by: z.string().optional(),
    again: z.boolean().optional(),
    review: z.string().optional(),
    round: z.int().optional(),
    parent: z.string().optional(),
    suspended_for: z.string().optional(),
  }),
);

export function factsIn(dump: Dump): Fact[] {
  return (dump.streams["events"] ?? []).flatMap(([id, [, text = "[]"]]) => {
    const at = Number(id.split("-")[0]);
    return facts.parse(JSON.parse(text)).map((fact) => Object.assign(fact, { at }));
  });
}
