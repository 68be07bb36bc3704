/** Sends a publish again while it may help: no answer, too many requests, or trouble on QStash's side. */
import { QstashError } from "@upstash/qstash";

/** With a time-out each, all attempts end within the 30 s that a Worker may go on after its reply. */
const PAUSES_MS = [200, 1_000, 3_000];
const TIMEOUT_MS = 5_000;

/** Safe only for publishes with a deduplication id: one whose answer was lost is sent again too. */
export async function againUntilTaken<T>(
  send: () => Promise<T>,
  pauses_ms: readonly number[] = PAUSES_MS,
): Promise<T> {
  for (const pause of pauses_ms) {
    try {
      return await within(send());
    } catch (error) {
      if (isFinal(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return within(send());
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof QstashError) || error.status === undefined) return false;
  return error.status !== 429 && error.status < 500;
}

/** The client has no time-out of its own. */
async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("QStash did not answer in time")), TIMEOUT_MS);
  });
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
}
