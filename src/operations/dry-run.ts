/** What `create_workflow` with `dry_run` answers: whether it would be refused, and how the work would flow. */
import { checkGraph } from "../domain/graph.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, type Result } from "../domain/refusal.ts";
import { type Shape, shapeOf } from "../domain/waves.ts";
import { type CreateInput, rehearseTasks } from "./create-tasks.ts";
import type { Call } from "./operation.ts";
import { fitting, sizeOf } from "./reply-budget.ts";

export interface DryRun {
  readonly [field: string]: unknown;
  readonly tasks: number;
  readonly ready: number;
  /** Keys that may run at the same time, each wave after the one before; with them existing tasks that still go on. */
  readonly waves: string[][];
  /** A longest chain: durations are not known. */
  readonly critical_path: string[];
  readonly more?: string;
  readonly note?: string;
}

export async function dryRun(call: Call, input: CreateInput): Promise<Result<DryRun>> {
  const rehearsed = await rehearseTasks(call, input);
  if (!rehearsed.ok) return rehearsed;
  const { ready, open, note } = rehearsed.value;
  const existing = open.map((key) => ({ key, dependencies: [] }));
  const own = input.tasks.map(({ key, dependencies = [] }) => ({ key, dependencies }));
  const nodes = [...existing, ...own];
  const { sequence } = checkGraph(nodes, () => true);
  const { waves, critical_path } = shapeOf(nodes, sequence);
  return ok({
    tasks: input.tasks.length,
    ready,
    ...fit(waves, critical_path),
    ...(note && { note }),
  });
}

/** The path first, at most half of the reply; then as many waves, and of the last one as many keys, as fit. */
function fit(
  waves: Shape["waves"],
  path: Shape["critical_path"],
): Pick<DryRun, "waves" | "critical_path" | "more"> {
  const critical_path = fitting(path, LIMITS.reply_bytes / 2);
  let left = LIMITS.reply_bytes * 0.9 - sizeOf(critical_path);
  const shown: string[][] = [];
  for (const wave of waves) {
    if (left <= 0) break;
    const keys = fitting(wave, left);
    shown.push(keys);
    left = keys.length < wave.length ? 0 : left - sizeOf(wave) - 1;
  }
  const count = waves.flat().length - shown.flat().length;
  const hidden = path.length - critical_path.length;
  if (count === 0 && hidden === 0) return { waves: shown, critical_path };
  const more = `Not shown: ${count} tasks in ${waves.length} waves altogether, ${hidden} of ${path.length} on the critical path.`;
  return { waves: shown, critical_path, more };
}
