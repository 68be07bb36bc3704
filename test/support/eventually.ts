/** Waits for what comes by itself. Vitest's own patience is one second, which a busy machine may need for anything. */
import { vi } from "vitest";

/** Nobody waits that long unless it never comes: then the test still ends by itself, and says what did not hold. */
const PATIENCE_MS = 40_000;

/** Until `check` neither throws nor rejects; what it returns then. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  // oxlint-disable-next-line eslint/no-restricted-properties -- this is what is to be used in its place
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 20 });
}
