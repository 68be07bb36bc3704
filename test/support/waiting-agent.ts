/** An agent that waits for work, as the server has noted it. */

import { z } from "zod";
import type { Stack } from "../../infra/local/stack.ts";
import { dumpOf } from "./worker-api.ts";
import { eventually } from "./eventually.ts";

const waiting = z.looseObject({ seen: z.int(), waits_until: z.int() });

/** Resolves once it waits, with how many seconds it is going to. */
export async function waitingAgent(stack: Stack, agent_id: string): Promise<number> {
  return eventually(async () => {
    const { hashes } = await dumpOf(stack);
    const agent = waiting.parse(JSON.parse(hashes["control"]?.[`agent:${agent_id}`] ?? "{}"));
    return (agent.waits_until - agent.seen) / 1_000;
  });
}
