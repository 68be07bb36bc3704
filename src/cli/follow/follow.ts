/** Follows a run until it ends: a line for each change, what needs a person, and a summary at the end. */
import type { Result } from "../../domain/refusal.ts";
import type { Api } from "../api.ts";
import { patiently } from "../patience.ts";
import type { Terminal } from "../terminal.ts";
import { clean } from "../text.ts";
import { type Change, changesBetween } from "./changes.ts";
import { detailsOf } from "./details.ts";
import { readRun, type RunView } from "./run-view.ts";
import { progress, summary } from "./summary.ts";
import { type Needed, waitForChange } from "./wait.ts";

export interface FollowOptions {
  readonly run_id: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** What a task is called in the file that it came from. */
  readonly nameOf?: (task_id: string) => string | undefined;
}

/** Errors and questions asked for at one look; when hundreds of tasks fail at once, the rest are told without. */
const DETAILS_PER_LOOK = 20;

/** The run as it was when it ended. Throws `Unreachable` when the server stays away, and when `signal` fires. */
export async function followRun(api: Api, options: FollowOptions): Promise<Result<RunView>> {
  const { run_id, terminal, signal } = options;
  const told = new Set<string>();
  let started: number | undefined;
  let before: RunView | undefined;
  let cursor: string | undefined;
  let needs: readonly Needed[] = [];
  const patience = { say: terminal.line, signal };
  for (;;) {
    const read = await patiently(patience, () => readRun(api, run_id, { signal }));
    if (!read.ok) return read;
    const run = read.value;
    started ??= Date.now() - (run.created_seconds_ago ?? 0) * 1_000;
    await tell(api, changesBetween(before, run), options);
    // After the changes that led to them, and only as far as they still hold.
    for (const { task_id, untaken, line } of needs) {
      if (untaken && run.tasks.get(task_id)?.status !== "ready") continue;
      if (!told.has(line)) terminal.line(line);
      told.add(line);
    }
    before = run;
    if (run.status !== "active") {
      terminal.end();
      for (const line of summary(run)) terminal.line(line);
      return read;
    }
    terminal.status(progress(run, (Date.now() - started) / 1_000));
    const waited = await patiently(patience, () => waitForChange(api, { run_id, cursor, signal }));
    ({ cursor, needs } = waited);
  }
}

async function tell(api: Api, changes: readonly Change[], options: FollowOptions): Promise<void> {
  const patience = { say: options.terminal.line, signal: options.signal };
  const asked = new Set(changes.filter(({ asks }) => asks).slice(0, DETAILS_PER_LOOK));
  for (const change of changes) {
    const { task_id, title } = change.task;
    const details = asked.has(change)
      ? await patiently(patience, () => detailsOf(api, task_id, { signal: options.signal }))
      : {};
    const name = clean(options.nameOf?.(task_id) ?? title, 60);
    options.terminal.line(`${task_id} ${name}: ${change.say(details)}`);
  }
}
