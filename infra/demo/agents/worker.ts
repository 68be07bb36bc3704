/** The life of a working agent: poll, do the task, submit and take the next, until it is stopped. */
import { z } from "zod";
import { connectBaton, type Baton } from "./baton-client.ts";
import { doTask, handedTask, type HandedTask, type Work } from "./do-task.ts";
import type { AgentSetup } from "./messages.ts";
import { linkToStarter } from "./starter-link.ts";

const POLL_SECONDS = 10;

const polled = z.looseObject({ tasks: z.array(handedTask).optional() });

export async function runWorker(agentType: string, work: Work): Promise<never> {
  const link = linkToStarter();
  const { setup, report } = link;
  const baton = await connectBaton(setup, (tool) => report({ event: "called", tool }));
  report({ event: "ready", protocol: baton.protocol });
  let held: HandedTask | undefined;
  for (;;) {
    held ??= await poll(baton, { setup, agentType });
    if (held) held = await doTask(held, { baton, link, work });
  }
}

/** Nothing when no work came while it waited. */
async function poll(
  baton: Baton,
  { setup, agentType }: { setup: AgentSetup; agentType: string },
): Promise<HandedTask | undefined> {
  const reply = await baton.call("poll_tasks", {
    agent_id: setup.agent_id,
    agent_type: agentType,
    wait_seconds: POLL_SECONDS,
    lease_seconds: setup.lease_seconds,
  });
  if (!reply.ok) throw new Error(`poll_tasks was refused: ${reply.message}`);
  return polled.parse(reply.value).tasks?.[0];
}
