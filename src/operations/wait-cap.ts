/** How long one call may wait: more is clamped, not refused. */
import { LIMITS } from "../domain/limits.ts";
import type { Call } from "./operation.ts";

/** By this header a client says how long its own configuration lets it wait: whole seconds. */
export const MAX_WAIT_HEADER = "baton-max-wait";

/** Undefined where it says nothing of use: then it is treated as a client of which nothing is known. */
export function readMaxWait(header: string | null): number | undefined {
  const seconds = /^\d{1,6}$/.test(header ?? "") ? Number(header) : 0;
  return seconds > 0 ? seconds : undefined;
}

/**
 * Milliseconds. A runner is a program of ours, which waits as long as it asks for; of the clients that say nothing nobody
 * knows when they give up.
 */
export function waitMs(
  { progress, max_wait_seconds }: Pick<Call, "progress" | "max_wait_seconds">,
  { wait_seconds, is_runner = false }: { wait_seconds: number; is_runner?: boolean },
): number {
  const usual = progress ? LIMITS.wait_seconds_cap_with_progress : LIMITS.wait_seconds_cap;
  const cap = max_wait_seconds ?? (is_runner ? LIMITS.wait_seconds_cap_known : usual);
  return Math.min(wait_seconds, cap, LIMITS.wait_seconds_cap_known) * 1000;
}

/** Tells the client every few seconds that the wait goes on, where it asked for that. Call the result when it is over. */
export function keepCompany({ progress }: Call, message: string): () => void {
  if (!progress) return () => undefined;
  const started = Date.now();
  const beat = setInterval(() => progress((Date.now() - started) / 1000, message), PROGRESS_MS);
  return () => clearInterval(beat);
}

const PROGRESS_MS = 10_000;
