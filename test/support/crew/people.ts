/** What people do besides the scripts: let go of circuit breakers, answer questions, and look whether all is over. */
import { z } from "zod";
import type { Body, Outcome } from "../seen-call.ts";

/** A call that is answered in the end. */
export type Ask = (tool: string, args: Body) => Promise<Outcome>;

export async function said(ask: Ask, tool: string, args: Body): Promise<Body> {
  const outcome = await ask(tool, args);
  if (!("said" in outcome)) throw new Error(`${tool}: ${JSON.stringify(outcome)}`);
  return outcome.said;
}

const breakers = z.array(
  z.looseObject({ of: z.string(), state: z.string(), forced: z.boolean().optional() }),
);

/** Those held by hand, or all that are not closed. Returns how many there were. */
export async function letGoOfBreakers(ask: Ask, which: "forced" | "all"): Promise<number> {
  const { breakers: shown = [] } = await said(ask, "list_agents", {});
  const held = breakers
    .parse(shown)
    .filter(({ state, forced }) => forced || (which === "all" && state !== "closed"));
  for (const { of } of held) {
    const [kind, name] = of.split(":", 2);
    const whose = kind === "type" ? { agent_type: name } : { agent_id: name };
    await said(ask, "set_breaker", { ...whose, state: "auto" });
  }
  return held.length;
}

const page = z.looseObject({
  tasks: z.array(z.looseObject({ task_id: z.string(), agent_type: z.string() })),
  cursor: z.string().optional(),
});

/** How many tasks still go on. Those of a type that nobody serves do not count, nor what they hold up. */
export async function openTasks(ask: Ask, unserved: string): Promise<number> {
  const going = ["ready", "running", "scheduled"].map(async (status) => {
    const open = await tasksThatAre(ask, status);
    return open.filter(({ agent_type }) => agent_type !== unserved).length;
  });
  return (await Promise.all(going)).reduce((sum, count) => sum + count, 0);
}

/** What people say is in nobody's log of calls. */
export const BY_PEOPLE = "Answered by people";

/** Whatever workers still ask is answered. Returns how many questions there were. */
export async function answerQuestions(ask: Ask): Promise<number> {
  const open = await tasksThatAre(ask, "needs_input");
  for (const { task_id } of open) {
    const text = `${BY_PEOPLE}: ${task_id}`;
    // It may have ended since.
    await said(ask, "control_task", { action: "answer", task_ids: [task_id], text });
  }
  return open.length;
}

/** What nobody serves waits for ever: people cancel it some day, and then it can grow old. */
export async function cancelOpenTasks(ask: Ask): Promise<void> {
  for (const status of ["suspended", "blocked", "in_review", "ready", "running", "scheduled"]) {
    const ids = (await tasksThatAre(ask, status)).map(({ task_id }) => task_id);
    for (let first = 0; first < ids.length; first += AT_ONCE) {
      const task_ids = ids.slice(first, first + AT_ONCE);
      await said(ask, "control_task", { action: "cancel", task_ids });
    }
  }
}

const AT_ONCE = 200;

async function tasksThatAre(ask: Ask, status: string): Promise<z.infer<typeof page>["tasks"]> {
  const found: z.infer<typeof page>["tasks"] = [];
  let cursor: string | undefined;
  do {
    const args = { status, limit: 200, ...(cursor !== undefined && { cursor }) };
    const list = page.parse(await said(ask, "list_tasks", args));
    found.push(...list.tasks);
    cursor = list.cursor;
  } while (cursor !== undefined);
  return found;
}
