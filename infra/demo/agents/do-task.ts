/** One task in an agent's hands: the work under a kept lease, then its result or its error submitted. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Baton } from "./baton-client.ts";
import { keepLease, type LeaseKeeper } from "./lease-keeper.ts";
import type { AgentSetup } from "./messages.ts";
import type { StarterLink } from "./starter-link.ts";

/** Does one task, given its context. Throws `CannotDo` when no retry would help, anything else when one might. */
export type Work = (context: unknown, desk: Desk) => Promise<Done>;

/** What an agent has at hand while it works on a task. */
interface Desk {
  readonly setup: AgentSetup;
  /** Tells Baton, and so everybody, how far the work is. */
  readonly progress: LeaseKeeper["progress"];
  /** Aborted when the task is no longer this agent's: it must then leave everything as it is. */
  readonly signal: AbortSignal;
  /** Where the starter asked for it, never returns: the process hangs in the middle of its work until it is killed. */
  readonly freezePoint: () => Promise<void>;
}

interface Done {
  /** One line for the people who watch. */
  readonly summary: string;
  readonly result: Readonly<Record<string, unknown>>;
}

export class CannotDo extends Error {
  override readonly name = "CannotDo";
}

export const handedTask = z.looseObject({
  lease: z.string(),
  lease_seconds: z.number(),
  task_description: z.string(),
  context: z.unknown().optional(),
});

export type HandedTask = z.infer<typeof handedTask>;

const submitted = z.looseObject({ next: z.array(handedTask).optional() });

/** Answers with the task that came with the reply to the submit, if any. */
export async function doTask(
  handed: HandedTask,
  { baton, link, work }: { baton: Baton; link: StarterLink; work: Work },
): Promise<HandedTask | undefined> {
  const { setup, report } = link;
  const named = namesIn(handed.lease);
  const { task_id } = named;
  const cue = setup.cued ? link.awaitCue() : "go";
  report({ event: "claimed", ...named, title: handed.task_description.split("\n")[0] ?? "" });
  const frozen = (await cue) === "freeze";

  const keeper = keepLease({
    baton,
    handed,
    beating: !frozen, // A process that hangs sends nothing.
    onProgress: (message) => report({ event: "progress", task_id, message }),
  });
  const desk: Desk = {
    setup,
    progress: keeper.progress,
    signal: keeper.signal,
    freezePoint: async () => {
      if (!frozen) return;
      report({ event: "frozen", task_id });
      await new Promise(() => undefined);
    },
  };
  const [answer] = await Promise.all([
    answerOf(() => work(handed.context, desk)),
    pause(setup.pace_ms),
  ]);
  await keeper.end();
  if (keeper.signal.aborted) {
    report({ event: "dropped", task_id, reason: String(keeper.signal.reason) });
    return undefined;
  }

  const { summary, ...submission } = answer;
  const sent = { lease: handed.lease, ...submission, poll_next: true };
  const reply = await baton.call("submit_result", sent);
  if (!reply.ok) {
    report({ event: "dropped", task_id, reason: reply.message });
    return undefined;
  }
  report({ event: "submitted", ...named, status: submission.status, summary });
  return submitted.parse(reply.value).next?.[0];
}

/** A lease names its task and its attempt: `r12t3.2.k7f2q9`. */
function namesIn(lease: string): { task_id: string; attempt: number } {
  const [task_id = "", attempt = ""] = lease.split(".");
  return { task_id, attempt: Number(attempt) };
}

type Answer =
  | { status: "completed"; summary: string; result: Done["result"] }
  | { status: "failed"; summary: string; error: { message: string; category: string } };

async function answerOf(run: () => Promise<Done>): Promise<Answer> {
  try {
    return { status: "completed", ...(await run()) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const category = error instanceof CannotDo ? "invalid_input" : "agent_error";
    return { status: "failed", summary: message, error: { message, category } };
  }
}
