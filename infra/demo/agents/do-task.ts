/** One task in an agent's hands: the work under a kept lease, then its result or its error submitted. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { Baton } from "./baton-client.ts";
import { keepLease, type LeaseKeeper } from "./lease-keeper.ts";
import type { AgentSetup } from "./messages.ts";
import type { StarterLink } from "./starter-link.ts";

/** Does one task. Throws `CannotDo` when no retry would help, anything else when one might. */
export type Work = (task: HandedTask, desk: Desk) => Promise<Done>;

/** What an agent has at hand while it works on a task. */
export interface Desk {
  readonly setup: AgentSetup;
  /** Tells Baton, and so everybody, how far the work is. */
  readonly progress: LeaseKeeper["progress"];
  /** Aborted when the task is no longer this agent's: it must then leave everything as it is. */
  readonly signal: AbortSignal;
  /** Calls a tool with the lease of this task. Throws when it is refused. */
  readonly ask: (tool: string, args: Record<string, unknown>) => Promise<Record<string, unknown>>;
  readonly run_id: string;
  /** Says that it has created tasks. */
  readonly created: (tasks: number) => void;
  /** Where the starter asked for it, never returns: the process hangs in the middle of its work until it is killed. */
  readonly freezePoint: () => Promise<void>;
}

interface Done {
  /** One line for the people who watch. */
  readonly summary: string;
  /** `waiting`: until the tasks that it created have ended. */
  readonly status?: "completed" | "waiting";
  readonly result?: Readonly<Record<string, unknown>>;
  readonly judged?: { readonly task_id: string; readonly approved: boolean };
}

export class CannotDo extends Error {
  override readonly name = "CannotDo";
}

export const handedTask = z.looseObject({
  lease: z.string(),
  lease_seconds: z.number(),
  task_description: z.string(),
  context: z.unknown().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  feedback: z.unknown().optional(),
  children: z.array(z.unknown()).optional(),
});

export type HandedTask = z.infer<typeof handedTask>;

const submitted = z.looseObject({
  status: z.enum(["completed", "failed", "in_review", "suspended", "scheduled", "ready"]),
  next: z.array(handedTask).optional(),
});

/** Answers with the task that came with the reply to the submit, if any. */
export async function doTask(
  handed: HandedTask,
  { baton, link, work }: { baton: Baton; link: StarterLink; work: Work },
): Promise<HandedTask | undefined> {
  const { setup, report } = link;
  const named = namesIn(handed.lease);
  const { task_id } = named;
  const cue = setup.cued ? link.awaitCue() : "go";
  const title = handed.task_description.split("\n")[0] ?? "";
  const after = handed.feedback ? "review" : handed.children ? "children" : undefined;
  report({ event: "claimed", ...named, title, ...(after && { after }) });
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
    run_id: task_id.slice(0, task_id.indexOf("t")),
    ask: async (tool, args) => {
      const reply = await baton.call(tool, { lease: handed.lease, ...args });
      if (!reply.ok) throw new Error(`${tool} was refused: ${reply.message}`);
      return reply.value;
    },
    created: (tasks) => report({ event: "created", tasks }),
    freezePoint: async () => {
      if (!frozen) return;
      report({ event: "frozen", task_id });
      await new Promise(() => undefined);
    },
  };
  const [answer] = await Promise.all([answerOf(() => work(handed, desk)), pause(setup.pace_ms)]);
  await keeper.end();
  if (keeper.signal.aborted) {
    report({ event: "dropped", task_id, reason: String(keeper.signal.reason) });
    return undefined;
  }

  const { summary, judged, ...submission } = answer;
  const sent = { lease: handed.lease, ...submission, poll_next: true };
  const reply = await baton.call("submit_result", sent);
  if (!reply.ok) {
    report({ event: "dropped", task_id, reason: reply.message });
    return undefined;
  }
  const { status, next } = submitted.parse(reply.value);
  // A failed attempt that is tried again waits for its time; for those who watch it has failed.
  const shown = status === "scheduled" || status === "ready" ? "failed" : status;
  report({ event: "submitted", ...named, status: shown, summary, ...(judged && { judged }) });
  return next?.[0];
}

/** A lease names its task and its attempt: `r12t3.2.k7f2q9`. */
function namesIn(lease: string): { task_id: string; attempt: number } {
  const [task_id = "", attempt = ""] = lease.split(".");
  return { task_id, attempt: Number(attempt) };
}

type Answer = Omit<Done, "status"> & {
  readonly status: "completed" | "waiting" | "failed";
  readonly error?: { readonly message: string; readonly category: string };
};

async function answerOf(run: () => Promise<Done>): Promise<Answer> {
  try {
    return { status: "completed", ...(await run()) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const category = error instanceof CannotDo ? "invalid_input" : "agent_error";
    return { status: "failed", summary: message, error: { message, category } };
  }
}
