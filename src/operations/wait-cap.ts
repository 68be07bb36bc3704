/** How long one call may wait: more is clamped, not refused. */
import { LIMITS } from "../domain/limits.ts";
import type { Call } from "./operation.ts";

/**
 * Milliseconds. A runner is a program of ours, which waits as long as it asks for; of the other clients nobody knows when
 * they give up.
 */
export function waitMs(
  { progress }: Call,
  { wait_seconds, is_runner = false }: { wait_seconds: number; is_runner?: boolean },
): number {
  const cap = progress ? LIMITS.wait_seconds_cap_with_progress : LIMITS.wait_seconds_cap;
  return Math.min(wait_seconds, is_runner ? LIMITS.wait_seconds_cap_of_runners : cap) * 1000;
}

/** Tells the client every few seconds that the wait goes on, where it asked for that. Call the result when it is over. */
export function keepCompany({ progress }: Call, message: string): () => void {
  if (!progress) return () => undefined;
  const started = Date.now();
  const beat = setInterval(() => progress((Date.now() - started) / 1000, message), PROGRESS_MS);
  return () => clearInterval(beat);
}

const PROGRESS_MS = 10_000;
