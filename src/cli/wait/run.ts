/** Waits for a run without a word: until it ends, or until something of it needs somebody. */
import * as z from "zod";
import { ok, refuse, type Result } from "../../domain/refusal.ts";
import { createApi } from "../api.ts";
import type { Connection } from "../connection.ts";
import { readRun, type RunView } from "../follow/run-view.ts";
import { summary } from "../follow/summary.ts";
import { patiently } from "../patience.ts";
import { clean } from "../text.ts";
import { untilRunEnds } from "./run-end.ts";

export const UNTILS = ["end", "any", "needs-you"] as const;
export type Until = (typeof UNTILS)[number];

export interface RunOptions {
  readonly run_id: string;
  readonly until: Until;
  /** The cursor that an earlier wait ended with. */
  readonly after?: string;
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
  connection: Connection,
  { run_id, until, after, signal, say }: RunOptions,
): Promise<Result<RunNews>> {
  const api = createApi(connection);
  const patience = { say, signal };
  let cursor = after;
  for (;;) {
    const args = {
      run_id,
      until: until === "any" ? "any" : "all",
      wait_seconds: WAIT_SECONDS,
      ...(cursor !== undefined && { cursor }),
    };
    const options = { timeout_ms: TIMEOUT_MS, signal };
    const reply = await patiently(patience, () => api.call("wait_for_tasks", args, options));
    if (!reply.ok) {
      if (reply.refusal.reason !== "role") return reply;
      return until === "end"
        ? newsOfEnd(await untilRunEnds(connection, { run_id, signal, say }))
        : refuse(
            "role",
            `--until ${until} needs an orchestrator's key; with this one the end of a run can be waited for.`,
          );
    }
    const seen = waited.parse(reply.value);
    if (seen.status !== "active") {
      return newsOfEnd(await patiently(patience, () => readRun(api, run_id, { signal })));
    }
    const lines = newsOf(seen, until);
    ({ cursor } = seen);
    if (lines.length > 0) {
      const next = `Wait for more with: npx baton wait --run ${run_id} --until ${until} --after ${cursor}`;
      return ok({ status: seen.status, lines: [...lines, next] });
    }
  }
}

function newsOfEnd(run: Result<RunView>): Result<RunNews> {
  return run.ok ? ok({ status: run.value.status, lines: summary(run.value) }) : run;
}

function newsOf({ ended, needs_you }: Waited, until: Until): string[] {
  if (until === "end") return [];
  const needs = needs_you.map(
    ({ task_id, why, text }) =>
      `${task_id} needs you (${why.replaceAll("_", " ")}): ${clean(inCommands(text, task_id), 1_000)}`,
  );
  const ends = ended.map(({ task_id, status, title }) => `${task_id} ${status}: ${clean(title)}`);
  return until === "any" ? [...ends, ...needs] : needs;
}

/** The server names the tool that helps; here there is a command that does the same. */
function inCommands(text: string, task_id: string): string {
  return text
    .replace(
      /control_task: answer \(with text\)\.$/,
      `Answer with: npx baton answer ${task_id} "…"`,
    )
    .replace(
      /control_task: retry \(with changes\) or discard\.$/,
      `Try it again with: npx baton retry ${task_id}`,
    );
}
