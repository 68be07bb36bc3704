/** Keeps a lease while its task is worked on: heartbeats at a third of its length, and notices when it is lost or stopped. */
import { z } from "zod";
import type { Baton, Reply } from "./baton-client.ts";

export interface LeaseKeeper {
  /** Aborted, with a sentence, when the task is no longer ours. */
  readonly signal: AbortSignal;
  /** Tells how far the work is; renews the lease too. */
  readonly progress: (percent: number, message: string) => Promise<void>;
  /** Ends the heartbeats; resolves when none is open, so that none can overtake the submit. */
  readonly end: () => Promise<void>;
}

const beat = z.looseObject({ notices: z.array(z.unknown()).optional() });

export function keepLease(about: {
  readonly baton: Baton;
  readonly handed: { readonly lease: string; readonly lease_seconds: number };
  /** False: no heartbeats but those that come with `progress`. */
  readonly beating: boolean;
  readonly onProgress: (message: string) => void;
}): LeaseKeeper {
  const { baton, handed, onProgress } = about;
  const lost = new AbortController();
  let open: Promise<void> = Promise.resolve();
  const send = (args: Record<string, unknown>): Promise<void> => {
    open = open.then(async () => {
      if (lost.signal.aborted) return;
      // One that does not get through changes nothing: the next may, and the submit is what counts.
      const reply = await baton
        .call("heartbeat", { lease: handed.lease, ...args })
        .catch(() => undefined);
      const reason = reply && endedBy(reply);
      if (reason !== undefined) lost.abort(reason);
    });
    return open;
  };
  const timer = about.beating
    ? setInterval(() => void send({}), (handed.lease_seconds * 1000) / 3)
    : undefined;
  return {
    signal: lost.signal,
    progress: (percent, message) => {
      onProgress(message);
      return send({ progress: percent, message });
    },
    end: () => {
      clearInterval(timer);
      return open;
    },
  };
}

/** Every refusal of a heartbeat means that the lease is gone; a notice that says "stop" means that it soon is. */
function endedBy(reply: Reply): string | undefined {
  if (!reply.ok) return reply.message;
  const notices = beat.parse(reply.value).notices ?? [];
  const stop = notices
    .map((notice) => JSON.stringify(notice))
    .find((text) => /\bstop\b/i.test(text));
  return stop === undefined ? undefined : `Told to stop: ${stop}`;
}
