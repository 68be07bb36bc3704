/** How a scripted worker hands parts of its task to others, waits for them, and goes on with what they did. */
import type { Body } from "../seen-call.ts";
import { type Hands, insist, type Leased } from "./hands.ts";

/** Types that it may hand parts to, some of which its task may not be allowed. */
export type Helpers = readonly string[];

/** One child or a few, each with a name of its own. Mostly with a key, and then sent until there is an answer. */
export async function delegate(hands: Hands, { lease }: Leased, helpers: Helpers): Promise<void> {
  const { chance, call } = hands;
  const keys = ["a", "b", "c"].slice(0, chance.whole(1, 3));
  const part = (key: string, index: number): Body => ({
    key,
    agent_type: chance.oneOf(helpers),
    // The first line is the title, by which the task is known again.
    task_description: `${hands.name} for ${lease} ${chance.whole(1, 1e9)}`,
    ...(index > 0 && chance.happens(0.4) && { dependencies: [keys[index - 1]] }),
    ...(chance.happens(0.2) && { options: { delegation: grant(hands) } }),
  });
  const tasks = keys.map(part);
  const { key: _, ...single } = tasks[0] ?? {};
  const [tool, args] =
    tasks.length === 1
      ? (["create_task", { ...single, lease }] as const)
      : (["create_workflow", { name: "Parts", tasks, lease }] as const);
  const idempotency_key = `${lease} ${chance.whole(1, 1e9)}`;
  if (chance.happens(0.7)) await insist(hands, tool, { ...args, idempotency_key });
  else await call(tool, args);
}

/** At times more than there is to give. */
export function grant({ chance }: Hands): Body {
  return {
    ...(chance.happens(0.7) && { max_depth: chance.whole(0, 3) }),
    ...(chance.happens(0.7) && { max_tasks: chance.whole(1, 6) }),
  };
}

/** Gives the task back until its children end; whether it could. */
export async function wait(hands: Hands, { lease }: Leased): Promise<boolean> {
  const notes = { waits: hands.name };
  const submit = { lease, status: "waiting", result: notes };
  return "said" in (await insist(hands, "submit_result", submit));
}
