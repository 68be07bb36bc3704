/** Waits for messages on a channel: the one place that knows that a stream may fail, break off, or never begin. */
import type { Subscription } from "../store/subscription.ts";
import type { Transport } from "../store/transport.ts";

export interface Bell {
  /**
   * True when a message has come, when some may have been missed, or when it was closed: the caller has to look for
   * itself. False after `ms`. A message may be lost at any time, so that a caller must look now and then in any case.
   */
  heard(ms: number): Promise<boolean>;
  close(): void;
}

/** Until a stream that could not be opened is tried again; meanwhile nothing is heard. */
const AGAIN_MS = 5_000;

/** Resolves once the channel is heard, or cannot be for now. */
export async function hangBell(
  { subscribe }: Pick<Transport, "subscribe">,
  channel: string,
): Promise<Bell> {
  let closed = false;
  const open = (): Promise<Subscription | undefined> => subscribe(channel).catch(() => undefined);
  let subscription = await open();
  return {
    heard: async (ms) => {
      if (closed) return true;
      if (!subscription) {
        await pause(Math.min(ms, AGAIN_MS));
        subscription = await open();
        if (closed) subscription?.close();
        return true;
      }
      if (!(await within(subscription.heard(), ms))) return false;
      // It has ended: what came meanwhile was not heard, so the caller looks once it is open again.
      if (!subscription.take() && !closed) {
        subscription = await open();
        if (closed) subscription?.close();
      }
      return true;
    },
    close: () => {
      closed = true;
      subscription?.close();
    },
  };
}

/** False where it took longer than `ms`. */
async function within(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([promise.then(() => true), timeout]).finally(() => clearTimeout(timer));
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
