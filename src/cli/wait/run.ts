/** Waits for a run without a word: until it ends, or until something of it needs somebody. */
import * as z from "zod";
import { ok, type Result } from "../../domain/refusal.ts";
import type { Api } from "../api.ts";
import { readRun } from "../follow/run-view.ts";
import { summary } from "../follow/summary.ts";
import { patiently } from "../patience.ts";
import { clean } from "../text.ts";

export const UNTILS = ["end", "any", "needs-you"] as const;
export type Until = (typeof UNTILS)[number];

export interface RunOptions {
  readonly run_id: string;
  readonly until: Until;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface RunNews {
  /** `active` when it was not waited for the end. */
  readonly status: string;
  readonly lines: readonly string[];
}

const WAIT_SECONDS = 45;
const TIMEOUT_MS = 75_000;

const waited = z.object({
  status: z.string(),
  ended: z.array(z.object({ task_id: z.string(), status: z.string(), title: z.string() })),
  needs_you: z
    .array(z.object({ task_id: z.string(), why: z.string(), text: z.string() }))
    .default([]),
  cursor: z.string(),
});

type Waited = z.infer<typeof waited>;

/** Throws `Unreachable` when the server stays away, and when `signal` fires. */
export async function waitForRun(
  api: Api,
  { run_id, until, signal, say }: RunOptions,
): Promise<Result<RunNews>> {
  const patience = { say, signal };
  let cursor: string | undefined;
  for (;;) {
    const args = {
      run_id,
      until: until === "any" ? "any" : "all",
      wait_seconds: WAIT_SECONDS,
      ...(cursor !== undefined && { cursor }),
    };
    const options = { timeout_ms: TIMEOUT_MS, signal };
    const reply = await patiently(patience, () => api.call("wait_for_tasks", args, options));
    if (!reply.ok) return reply;
    const seen = waited.parse(reply.value);
    if (seen.status !== "active") {
      const run = await patiently(patience, () => readRun(api, run_id, { signal }));
      return run.ok ? ok({ status: run.value.status, lines: summary(run.value) }) : run;
    }
    const lines = newsOf(seen, until);
    if (lines.length > 0) return ok({ status: seen.status, lines });
    ({ cursor } = seen);
  }
}

function newsOf({ ended, needs_you }: Waited, until: Until): string[] {
  if (until === "end") return [];
  const needs = needs_you.map(
    ({ task_id, why, text }) =>
      `${task_id} needs you (${why.replaceAll("_", " ")}): ${clean(text, 1_000)}`,
  );
  const ends = ended.map(({ task_id, status, title }) => `${task_id} ${status}: ${clean(title)}`);
  return until === "any" ? [...ends, ...needs] : needs;
}
