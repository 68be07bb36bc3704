/** Sleeps until something happened in a run, and tells what needs a person. */
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import type { Api, Body } from "../api.ts";
import { clean } from "../text.ts";

/** What needs somebody. */
export interface Needed {
  readonly task_id: string;
  /** Whether it is that nobody takes the task: it no longer is once somebody has. */
  readonly untaken: boolean;
  readonly line: string;
}

export interface Waited {
  readonly cursor?: string | undefined;
  readonly needs: readonly Needed[];
}

const reply = z.object({
  cursor: z.string().optional(),
  needs_you: z
    .array(z.object({ task_id: z.string(), why: z.string(), text: z.string().optional() }))
    .default([]),
});

type Need = z.infer<typeof reply>["needs_you"][number];

/** Starts and retries of tasks wake nobody, so that a look is due now and then. */
const LOOK_EVERY_SECONDS = 3;

export async function waitForChange(
  api: Api,
  { run_id, cursor, signal }: { run_id: string; cursor?: string | undefined; signal: AbortSignal },
): Promise<Waited> {
  const args: Body = {
    run_id,
    until: "any",
    wait_seconds: LOOK_EVERY_SECONDS,
    ...(cursor && { cursor }),
  };
  const answer = await api.call("wait_for_tasks", args, { tries: 3, signal });
  // A viewer's key may look at a run, and not wait for it.
  if (!answer.ok) {
    await pause(LOOK_EVERY_SECONDS * 1_000, undefined, { signal });
    return { cursor, needs: [] };
  }
  const { cursor: next, needs_you } = reply.parse(answer.value);
  return { cursor: next ?? cursor, needs: needs_you.filter(isNews).map(needed) };
}

/** Questions and dead letters are told as changes of their tasks. */
function isNews({ why }: Need): boolean {
  return why !== "question" && why !== "dead_letter";
}

function needed({ task_id, why, text }: Need): Needed {
  const said = text ? `: ${clean(text)}` : "";
  return {
    task_id,
    untaken: why === "no_agent" || why === "breaker",
    line: `${task_id} needs you (${why.replaceAll("_", " ")})${said}`,
  };
}
