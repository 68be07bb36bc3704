/** How a key of the shared state is named in Redis: in the project's scope, or in a run's. */
import { parseRunId } from "../domain/ids.ts";
import type { Result } from "../domain/refusal.ts";
import { ok } from "../domain/refusal.ts";
import { notFound } from "./not-found.ts";

export function stateScope(run_id: string | undefined): Result<string> {
  if (run_id === undefined) return ok("project/");
  return parseRunId(run_id) ? ok(`${run_id}/`) : notFound("run", run_id);
}
